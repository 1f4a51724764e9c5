#pragma once

#include <cstdint>

namespace bulkhead {

/// What `runtime::metrics` tells of the processes that a runtime started, supervised ones, their
/// restarts and spares among them; not of what those processes start by their own runtimes. A
/// mailbox's numbers are its own: size, in_flight, counters.
struct runtime_metrics {
  std::uint64_t running = 0;  ///< Processes that have not ended, as far as was told yet.
  std::uint64_t started = 0;
  std::uint64_t ended = 0;
  std::uint64_t failed = 0;        ///< Of those that ended: by their own doing (exit_status).
  std::uint64_t redelivered = 0;   ///< Messages that an end gave back to their queues.
  std::uint64_t dead_letters = 0;  ///< Messages that an end moved to the dead letters.
  /// Messages that an end would have moved there, had the dead letters not been full.
  std::uint64_t held_back = 0;

  friend bool operator==(const runtime_metrics&, const runtime_metrics&) = default;
};

}  // namespace bulkhead
