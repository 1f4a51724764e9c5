#pragma once

#include <cstdint>
#include <functional>

namespace bench {

/// Counts the instructions that this thread executes in `body`, by a tracer that steps it: exact
/// on the busiest machine, where times are not. The CPU's own counters are missing on many virtual
/// machines.
/// @limits a step takes microseconds, so a body of some 100 000 instructions at most. The kernel's
/// are not counted.
/// @errors std::runtime_error where tracing is not allowed.
std::uint64_t steps_of(const std::function<void()>& body);

}  // namespace bench
