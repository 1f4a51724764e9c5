#pragma once

#include <cstdint>
#include <ctime>

namespace bulkhead::os {

/// Milliseconds of the monotonic clock, the same in all processes, to the kernel's tick (1 to 10
/// ms). Reading it takes about 10 ns.
inline std::uint64_t coarse_clock_ms() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

/// The same clock, exactly.
inline std::uint64_t clock_ms() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

/// The low half of the coarse one.
inline std::uint32_t coarse_ms() noexcept { return static_cast<std::uint32_t>(coarse_clock_ms()); }

}  // namespace bulkhead::os
