#pragma once

#include "piece.hpp"
#include "tree_walk.hpp"

#include <bulkhead/message_id.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace word_count {

// What travels between the processes: plain structs. A piece goes from the lister to a worker.

/// The words of one piece, from a worker to the reducer.
struct partial {
  bulkhead::message_id job;  ///< The piece's message: how the reducer finds what is lost or double.
  std::uint32_t attempt = 1;  ///< The delivery of it that was counted.
  std::uint64_t offset = 0;   ///< Where in its file the piece began.
  std::uint64_t bytes = 0;
  std::string letters;                 ///< All its different words, with nothing between them.
  std::vector<std::uint32_t> lengths;  ///< Of each word.
  std::vector<std::uint32_t> counts;   ///< Of each word.
  std::string unreadable;              ///< The path, when the piece could not be counted,
  std::string reason;                  ///< and why.
};

/// Where the lister is in its walk: before `at` there are `pieces` pieces, all of them sent.
struct bookmark {
  std::uint64_t pieces = 0;
  walk_position at;
};

}  // namespace word_count
