#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

namespace bulkhead {

class runtime;

/// About the process that calls.
namespace this_process {

/// @returns the name it was spawned with; "host" in the program that its user started.
[[nodiscard]] const std::string& name();
/// @returns which start of a supervised child it is, from 1.
[[nodiscard]] std::uint64_t incarnation();
/// The runtime of a child, which is there from the start. @errors throws not_initialised in the
/// host, which makes its own.
[[nodiscard]] bulkhead::runtime& runtime();
/// True when somebody asked this process to stop. One load from memory.
[[nodiscard]] bool stop_requested() noexcept;
/// A token that fires then. @threads the first call starts a thread that waits for it; callbacks
/// run on that thread.
[[nodiscard]] std::stop_token stop_token();

/// Tells the supervisor that this child is up, where its specification says `readiness::on_call`.
/// Nothing happens in other processes, and at the second call.
void ready();

/// Says that this child is alive and at work, where its specification has a `watchdog`: for
/// calculations that touch no queue and no pipe for longer than that. Mailbox operations say it by
/// themselves. Nothing happens in other processes.
/// @threads any. Some nanoseconds; no system call.
void heartbeat() noexcept;

}  // namespace this_process
}  // namespace bulkhead
