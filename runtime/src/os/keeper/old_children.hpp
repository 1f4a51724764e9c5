#pragma once

#include <sys/types.h>

#include <chrono>

#include "os/keeper/ledger.hpp"

namespace bulkhead::os {

/// The pidfd of a process; empty when there is none. @errors std::system_error: no descriptors.
[[nodiscard]] unique_fd open_process(pid_t pid);

/// Waits until every process that a ledger names has ended, its memory with it: they were asked to
/// by the kernel when their parent, the last keeper, died. One that was not is killed.
/// @errors bulkhead::error errc::timed_out: one of them lives still at `until`; errc::owner_gone:
/// the host has ended.
void wait_for_old_children(const ledger& left, int host_pidfd,
                           std::chrono::steady_clock::time_point until);

}  // namespace bulkhead::os
