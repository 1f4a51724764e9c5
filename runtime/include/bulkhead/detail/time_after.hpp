#pragma once

#include <chrono>

namespace bulkhead::detail {

/// True for a time beyond a clock's end. As floating point, so that it does not become the past.
template <class Rep, class Period>
constexpr bool is_for_ever(std::chrono::duration<Rep, Period> time) {
  return std::chrono::duration<double>(time) > std::chrono::hours(24 * 365 * 100);
}

/// @returns that time from now; the clock's end for what it cannot say.
template <class Rep, class Period>
std::chrono::steady_clock::time_point time_after(std::chrono::duration<Rep, Period> time) {
  using clock = std::chrono::steady_clock;
  if (is_for_ever(time)) return clock::time_point::max();
  return clock::now() + std::chrono::ceil<clock::duration>(time);
}

}  // namespace bulkhead::detail
