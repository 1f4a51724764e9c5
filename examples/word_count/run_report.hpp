#pragma once

#include "live_numbers.hpp"
#include "messages.hpp"
#include "outcome.hpp"

#include <bulkhead/queue.hpp>
#include <chrono>
#include <memory>
#include <vector>

namespace word_count {

/// Pieces on which worker after worker crashed.
using dead_pieces = std::vector<bulkhead::dead_letter<piece>>;

/// Moves what is in the dead letters now to `dead`.
void collect(const bulkhead::queue<bulkhead::dead_letter<piece>>& letters, dead_pieces& dead);
[[nodiscard]] std::vector<bulkhead::message_id> ids_of(const dead_pieces& dead);

/// All that a run of word_count has to tell.
struct run_result {
  live_numbers live;
  dead_pieces dead;
  std::shared_ptr<outcome> sum;
};

/// Prints the numbers of a run, with the unreadable and the poisonous files by name.
void print_run(const run_result& result, std::chrono::nanoseconds elapsed);

/// @returns 0: everything is counted; 3: something is in the dead letters; 1: the count is wrong.
[[nodiscard]] int exit_status_of(const run_result& result);

}  // namespace word_count
