#pragma once

#include <sys/types.h>

#include <chrono>

namespace bulkhead_test {

/// Marks this process, so that its keepers are known from those of others. First in main.
void mark_host();

/// The keeper of this process that lives; 0 where there is none now, or it is none yet.
pid_t keeper_now();

/// True while a process runs; a zombie does not.
bool runs(pid_t pid);

/// Kills the keeper, for which it waits, and waits until it is dead. @returns its process id; 0:
/// there came none. `when`, where given, is set to when it was sent the signal.
pid_t kill_keeper(std::chrono::steady_clock::time_point* when = nullptr);
/// The same, and waits until the next one is there. @returns whether it came.
bool replace_keeper();

}  // namespace bulkhead_test
