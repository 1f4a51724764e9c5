#pragma once

#include <atomic>
#include <cstdint>

namespace bulkhead::core {

/// One process of the tree, in a segment that the keeper writes and everyone else maps read-only.
struct alignas(64) directory_entry {
  std::atomic<std::uint32_t> stop;    ///< Not 0: somebody asked this process to stop. A futex word.
  std::atomic<std::uint32_t> serial;  ///< Which process; 0: the entry is free.
  std::atomic<std::int32_t> pid;
};

inline constexpr std::uint32_t directory_entries = 16384;

}  // namespace bulkhead::core
