#pragma once

#include <chrono>
#include <optional>

namespace bulkhead::core {

/// A moment on the monotonic clock. Only the type: the state machine is told the time and never
/// asks for it.
using instant = std::chrono::steady_clock::time_point;

/// Returns `from` + `time`, or nothing when that lies beyond the end of the clock: it never comes.
inline std::optional<instant> after(instant from, std::chrono::nanoseconds time) {
  if (time > instant::max() - from) return std::nullopt;
  return from + time;
}

}  // namespace bulkhead::core
