#pragma once

#include <bulkhead/supervision_events.hpp>
#include <cstdint>
#include <optional>

#include "core/supervision/commands.hpp"
#include "core/supervision/instant.hpp"
#include "core/supervision/restart_window.hpp"
#include "core/supervision/rules.hpp"

namespace bulkhead::core {

/// Where a child is in its life. Starting, aborting, running and stopping have a process; the
/// others have none.
enum class phase : std::uint8_t {
  starting,  ///< Not up yet.
  aborting,  ///< Was not up in time and has been killed for that; its end is awaited.
  running,   ///< Up.
  stopping,  ///< Asked to stop, or killed for that; its end is awaited.
  waiting,   ///< Waits for its backoff.
  stopped,   ///< Nothing goes on.
};

/// Who wanted the present start, which decides what its failure means.
enum class start_cause : std::uint8_t {
  with_supervisor,  ///< The supervisor's own start: it fails as well.
  by_add,           ///< Nothing of the child is kept.
  by_restart_call,  ///< The child stays stopped.
  automatic,        ///< Another failure of the child.
};

struct child {
  child_id id = 0;
  child_rules rules;
  phase stage = phase::stopped;
  start_cause cause = start_cause::by_add;
  std::uint64_t incarnation = 0;
  std::int32_t pid = 0;
  bool entered = false;        // This incarnation has entered its function.
  std::uint64_t failures = 0;  // In a row.
  // Part of a group's restart: it is to be stopped for that, or waits to be started again.
  bool regroup = false;
  bool stays_stopped = false;  // terminate_child came while it was to be stopped for its group.
  std::optional<restart_window> budget;  // Its own, beside the supervisor's.
  instant up_since;                      // While running.
  instant attempt_at;                    // When the start under way began, or the next one comes.
  std::optional<instant> deadline;       // Kept by child_table.

  [[nodiscard]] bool has_process() const noexcept { return stage <= phase::stopping; }
};

/// What users are told of the child's phase.
inline child_state state_of(const child& c) noexcept {
  switch (c.stage) {
    case phase::starting:
    case phase::aborting:
      return c.cause == start_cause::automatic ? child_state::restarting : child_state::starting;
    case phase::running:
      return child_state::running;
    case phase::stopping:
      return child_state::stopping;
    case phase::waiting:
      return child_state::restarting;
    case phase::stopped:
      break;
  }
  return child_state::stopped;
}

}  // namespace bulkhead::core
