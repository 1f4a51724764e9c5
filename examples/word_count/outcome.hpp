#pragma once

#include "word_counts.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace word_count {

/// What a run has counted.
struct outcome {
  word_counts words;
  std::uint64_t files = 0;  ///< Whose start was read.
  std::uint64_t bytes = 0;
  std::uint64_t pieces = 0;
  std::map<std::string, std::string> unreadable;  ///< Path and reason.
  std::uint64_t redeliveries = 0;
  std::uint64_t lost = 0;           ///< Pieces that were sent, and neither counted nor given up.
  std::uint64_t counted_twice = 0;  ///< Partials, or dead letters, beyond the first of a piece.
};

}  // namespace word_count
