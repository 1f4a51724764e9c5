#pragma once

#include <cstdint>
#include <string>

namespace word_count {

/// Files above this size are counted in pieces of it.
inline constexpr std::uint64_t piece_bytes_max = std::uint64_t{1} << 20;

/// A part of a file. An identifier belongs to the piece in which it starts.
struct piece {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

}  // namespace word_count
