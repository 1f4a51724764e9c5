#pragma once

#include <bulkhead/errc.hpp>

#include "os/child_context.hpp"
#include "os/directory_memory.hpp"
#include "os/keeper_link.hpp"

namespace bulkhead_test {

/// What the tests start: a function of this program.
using child_function = int (*)(bulkhead::os::child_context& start);

/// The keeper's way into a child: calls its function. A bulkhead::error is exit code 90.
int run_child(bulkhead::os::child_context start);

}  // namespace bulkhead_test
