#pragma once

#include "syscalls/scenarios.hpp"

namespace syscalls {

/// A process that attaches to two queues of a program that is not its parent, and forwards from one
/// to the other. Each message comes out of one of them once, and its seats are free again.
std::unique_ptr<scene> attach_and_forward(bulkhead::runtime& rt);

}  // namespace syscalls
