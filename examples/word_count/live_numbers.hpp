#pragma once

#include <atomic>
#include <cstdint>

namespace word_count {

/// What the progress line shows while the reducer, the supervisor's events and the killer count.
struct live_numbers {
  std::atomic<std::uint64_t> pieces = 0;
  std::atomic<std::uint64_t> files = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::uint64_t> kills = 0;
  std::atomic<std::uint64_t> restarts = 0;
};

}  // namespace word_count
