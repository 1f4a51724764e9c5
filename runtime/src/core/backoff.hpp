#pragma once

#include <bulkhead/supervision_types.hpp>
#include <chrono>
#include <cstdint>
#include <functional>

namespace bulkhead::core {

/// Evenly distributed 64-bit numbers, from outside so that runs repeat.
using random_source = std::function<std::uint64_t()>;

/// True when the result of backoff_delay is 0 whatever the random numbers are.
[[nodiscard]] bool is_without_delay(const backoff_options& options,
                                    std::uint64_t failures) noexcept;

/// Returns how long a child waits before its next start after its `failures`-th failure in a row.
/// @limits failures >= 1; `options` passed check_child. The result is 0 for the first, and never
/// above options.max: jitter only shortens, so that children held at the limit spread out as well.
std::chrono::nanoseconds backoff_delay(const backoff_options& options, std::uint64_t failures,
                                       const random_source& random);

}  // namespace bulkhead::core
