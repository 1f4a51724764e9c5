#pragma once

#include "os/child_context.hpp"

namespace bulkhead::detail {

/// What the keeper runs in a child that it forked: sets up the process's runtime and runs the
/// spawned function.
/// @returns the exit code.
int run_child(os::child_context start);

}  // namespace bulkhead::detail
