#pragma once

#include "os/unique_fd.hpp"

namespace bulkhead::os {

/// Gives the keeper signals of its own, whatever the host had: all default, and all blocked, since
/// it outlives what a terminal or a service manager sends to the whole group; only the host's end
/// ends it. SIGCHLD comes by a descriptor.
/// @returns the signalfd. @errors std::system_error.
[[nodiscard]] unique_fd set_keeper_signals();

/// Blocks no signal any more, in a forked copy of the keeper; what was sent to it meanwhile
/// arrives.
void unblock_child_signals() noexcept;

}  // namespace bulkhead::os
