#pragma once

#include <cstdint>
#include <ctime>

namespace bulkhead::os {

/// Milliseconds of the monotonic clock, the same in all processes, to the kernel's tick (1 to 10
/// ms): about 10 ns. The low half.
inline std::uint32_t coarse_ms() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(now.tv_sec) * 1000 +
                                    static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000);
}

}  // namespace bulkhead::os
