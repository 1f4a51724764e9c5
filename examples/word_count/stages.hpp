#pragma once

#include "messages.hpp"

#include <bulkhead/queue.hpp>
#include <string>
#include <vector>

namespace word_count {

// The functions that run in processes of their own. Each may be killed at any instruction.

/// Sends every file below `roots`, cut into pieces, and closes `jobs`. Started again after a kill
/// it goes on where it was. `place` holds one bookmark at any time; the last says how many pieces
/// there are.
void list_tree(const std::vector<std::string>& roots, bulkhead::queue<piece> jobs,
               bulkhead::queue<bookmark> place);

/// Counts one piece after the other until there are none left. Crashes on each piece of the file
/// `poison`, unless that is empty.
void count_pieces(bulkhead::queue<piece> jobs, bulkhead::queue<partial> results,
                  const std::string& poison);

}  // namespace word_count
