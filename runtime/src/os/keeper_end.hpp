#pragma once

namespace bulkhead::os {

/// Waits for a keeper's end. One that is this process's to reap is reaped: its first parent has
/// ended, so where this process is the first of its container, or reaps for those below it
/// (PR_SET_CHILD_SUBREAPER), the keeper has come to it.
/// @limits timeout_ms -1: for ever. @returns whether it has ended.
bool has_ended(int pidfd, int timeout_ms) noexcept;

/// Kills a keeper, in case that it hung up on us and lives: two must not recover at a time.
/// @returns whether it has ended; it is given 10 s.
bool end_for_sure(int pidfd) noexcept;

}  // namespace bulkhead::os
