#pragma once

#include <chrono>

namespace bulkhead::os {

/// Kills and reaps every child of this process, and theirs as they become its own, until none is
/// left or time is up.
void sweep_children(std::chrono::steady_clock::time_point until) noexcept;

/// @returns how many threads this process has; 0: unknown.
[[nodiscard]] int count_threads() noexcept;

}  // namespace bulkhead::os
