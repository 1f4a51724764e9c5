#pragma once

#include <chrono>

namespace bulkhead::detail {

/// @returns that time from now; the clock's end for what it cannot say.
template <class Rep, class Period>
std::chrono::steady_clock::time_point time_after(std::chrono::duration<Rep, Period> time) {
  using clock = std::chrono::steady_clock;
  // As floating point, so that a time beyond the clock's end becomes its end and not the past.
  if (std::chrono::duration<double>(time) > std::chrono::hours(24 * 365 * 100)) {
    return clock::time_point::max();
  }
  return clock::now() + std::chrono::ceil<clock::duration>(time);
}

}  // namespace bulkhead::detail
