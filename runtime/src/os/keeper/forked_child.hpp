#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "os/child_context.hpp"

namespace bulkhead::os {

/// Makes a forked copy of the keeper a child: it dies with the keeper, has default signals and the
/// host's limits, keeps no descriptor but its own, and runs `run`. Never returns.
/// @owns the descriptors in `context` are the keeper's numbers, now this process's; what shares a
/// number is duplicated.
[[noreturn]] void become_child(child_context&& context, pid_t keeper, const rlimit& descriptors,
                               child_main run) noexcept;

}  // namespace bulkhead::os
