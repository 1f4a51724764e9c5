#pragma once

#include <chrono>
#include <thread>

namespace bulkhead_test {

/// Looks until `condition` holds, at most 20 s. @returns whether it came to hold.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// How long a call may take that must succeed.
inline constexpr auto soon = std::chrono::seconds(20);

}  // namespace bulkhead_test
