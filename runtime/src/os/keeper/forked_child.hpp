#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "os/child_context.hpp"

namespace bulkhead::os {

/// Makes a forked copy of the keeper, which dies with the keeper, a child: it has default signals
/// and the host's limits, keeps no descriptor but its own, and runs `run`. Never returns.
/// @owns the descriptors in `context` are the keeper's numbers, now this process's; what shares a
/// number is duplicated.
[[noreturn]] void become_child(child_context&& context, const rlimit& descriptors,
                               child_main run) noexcept;

}  // namespace bulkhead::os
