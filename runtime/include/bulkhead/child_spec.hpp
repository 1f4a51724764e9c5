#pragma once

#include <bulkhead/spawn_options.hpp>
#include <bulkhead/supervision_types.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace bulkhead {

/// How a supervisor starts, restarts and stops one child.
/// @errors a bad value is refused when the child is added, with an error that names the field.
struct child_spec {
  std::string name{};  ///< Not empty, unique in its supervisor.
  bulkhead::restart restart = bulkhead::restart::permanent;
  shutdown_rule shutdown =
      {};  ///< A duration, `infinity` or `brutal_kill`; 5 s, for supervisors `infinity`.
  /// Its end counts for auto_shutdown; refused for permanent children and where auto_shutdown is
  /// `never`.
  bool significant = false;
  backoff_options backoff = {};
  std::optional<restart_budget> budget = std::nullopt;  ///< Its own, beside the supervisor's.
  readiness ready = readiness::on_entry;
  std::chrono::nanoseconds start_timeout =
      std::chrono::seconds{10};  ///< Longest time until it is up, > 0.
  /// Longest time between signs of life before it counts as hung and is ended: mailbox operations,
  /// and this_process::heartbeat(). A wait in a call of this library's is none, and no silence
  /// either. From the time that it is up until it is asked to stop; told up to half of it late.
  /// @limits > 0; less than 20 ms is 20 ms; off when empty. Not for commands without endpoints, nor
  /// for supervisors in this process.
  std::optional<std::chrono::nanoseconds> watchdog = std::nullopt;
  /// How its process is started; its name and shutdown are those above.
  spawn_options process = {};
  std::uint32_t standby = 0;  ///< Spare processes that wait to take over.
  // Here comes `prepare`.
  exit_rule restart_on = {};     ///< Ends that force a restart.
  exit_rule no_restart_on = {};  ///< Ends that forbid one.
};

}  // namespace bulkhead
