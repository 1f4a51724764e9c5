#pragma once

#include <sys/types.h>
#include <cstdint>
#include <string>

namespace bench {

/// CPU time of all threads of a process as the scheduler counts it, in nanoseconds; clock ticks
/// would be too coarse.
std::int64_t run_time_ns(pid_t pid);
/// How often its threads gave the CPU up by themselves: once a sleep.
std::int64_t sleeps(pid_t pid);
pid_t parent_of(pid_t pid);
/// A line of /proc/<pid>/smaps_rollup such as "Anonymous", in bytes.
std::int64_t memory_bytes(pid_t pid, const std::string& line);

}  // namespace bench
