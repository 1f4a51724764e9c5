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
  /// Spare processes, forked and prepared, that wait to take over: when the child ends and is to be
  /// started again, one of them is its next incarnation at once, and a new spare is started once
  /// that is up. A spare holds no lease, seat or pipe end before; one that ends is replaced, after
  /// the child's backoff where they keep ending, which counts as nobody's restart. They are killed
  /// when the child is stopped, and end with the supervisor and with the keeper.
  /// @limits at most 64; not for temporary children, commands, or supervisors in this process.
  std::uint32_t standby = 0;
  /// Runs before anything else in every process of the child: in a spare before it waits, else
  /// before its function, within `start_timeout`. What it throws is a failed start. It has the
  /// child's name, environment, streams and limits, but no arguments.
  /// @limits of this program or a library of it; not for commands, or supervisors in this process.
  /// this_process::incarnation() is 0 in a spare, and what it receives or takes is not the child's.
  void (*prepare)() = nullptr;
  exit_rule restart_on = {};     ///< Ends that force a restart.
  exit_rule no_restart_on = {};  ///< Ends that forbid one.
};

}  // namespace bulkhead
