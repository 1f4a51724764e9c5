#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace bulkhead::os {

// Futexes of shared memory. std::atomic's own wait uses private ones, which other processes do
// not see.

/// A moment of CLOCK_MONOTONIC; nothing: never.
using deadline = std::optional<std::chrono::steady_clock::time_point>;

enum class wait_result : std::uint8_t {
  woken,  ///< Or for no reason: look again.
  timed_out,
  changed,  ///< The word was not `expected`; nobody slept.
};

/// Sleeps while `word` is `expected`, until somebody wakes it. Signals do not end the sleep. Works
/// on read-only mappings.
wait_result futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                       deadline until = {}) noexcept;

/// Wakes all that sleep on `word`, in any process. Never waits.
void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace bulkhead::os
