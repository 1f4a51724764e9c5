#pragma once

#include <bulkhead/exit_status.hpp>
#include <bulkhead/log_sink.hpp>
#include <bulkhead/supervision_types.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bulkhead {

/// One failure that counted against a supervisor's intensity.
struct failure {
  std::chrono::steady_clock::time_point time;
  std::string child;
  std::uint64_t incarnation = 0;
  exit_status status;

  friend bool operator==(const failure&, const failure&) = default;
};

/// Why a supervisor ended. Compares with its kind: `sup.join() == end_reason::gave_up`.
struct end_reason {
  enum kind_type : std::uint8_t {
    shutdown,       ///< It was asked to.
    gave_up,        ///< More failures than its intensity allows; `history` has them.
    auto_shutdown,  ///< Its significant children ended.
    start_failed,   ///< `child` did not come up when the supervisor started; `status` says why.
  };

  kind_type kind = shutdown;
  std::vector<failure> history;  ///< gave_up: the failures in the window, oldest first.
  std::string child;             ///< start_failed, gave_up: the child that failed last.
  exit_status status;            ///< start_failed, gave_up: how it failed.

  friend bool operator==(const end_reason&, const end_reason&) = default;
  friend bool operator==(const end_reason& reason, kind_type other) { return reason.kind == other; }
};

/// What can happen to a child. Each is part of a supervision_event, which says to whom and when.
namespace events {

/// It entered its function.
struct started {
  friend bool operator==(const started&, const started&) = default;
};

/// It counts as up, as its `readiness` says.
struct ready {
  friend bool operator==(const ready&, const ready&) = default;
};

/// It ended after it had come up, or while it was being stopped.
struct exited {
  exit_status status;
  friend bool operator==(const exited&, const exited&) = default;
};

/// It will be started again after `delay`.
struct restarting {
  std::uint64_t attempt = 0;  ///< Its failures in a row; 0 when nobody's failure made it end.
  std::chrono::nanoseconds delay{0};
  friend bool operator==(const restarting&, const restarting&) = default;
};

/// It did not come up at a first start, or at one by restart_child.
struct start_failed {
  exit_status status;
  friend bool operator==(const start_failed&, const start_failed&) = default;
};

/// It did not come up at a restart, which counts as another failure.
struct restart_failed {
  exit_status status;
  friend bool operator==(const restart_failed&, const restart_failed&) = default;
};

/// It gave no sign of life for as long as its `watchdog` says, and is being ended for that: by
/// SIGABRT, after another second by SIGKILL. Its exit, with death_cause::watchdog, follows.
struct hung {
  friend bool operator==(const hung&, const hung&) = default;
};

/// It went over a limit of its `process.limits`, and was ended for that. Its exit, with the same
/// cause, follows.
struct limit_hit {
  death_cause limit = death_cause::none;  ///< memory_limit or cpu_limit.
  friend bool operator==(const limit_hit&, const limit_hit&) = default;
};

/// It held messages that were to become dead letters by its end, and the dead letters are full:
/// these stay in their queues, out of delivery, until there is room. Take some, or redrive them.
/// Its exit follows.
struct letters_full {
  std::uint64_t messages = 0;
  friend bool operator==(const letters_full&, const letters_full&) = default;
};

/// Its failure was one too many: the supervisor stops its children and ends.
struct gave_up {
  std::vector<failure> history;
  friend bool operator==(const gave_up&, const gave_up&) = default;
};

/// It is stopped because it, or its supervisor, was asked to stop.
struct stopped {
  friend bool operator==(const stopped&, const stopped&) = default;
};

/// Its specification is gone.
struct deleted {
  friend bool operator==(const deleted&, const deleted&) = default;
};

/// A spare is its next incarnation: what the event carries is its pid and incarnation. `started`
/// follows.
struct standby_promoted {
  friend bool operator==(const standby_promoted&, const standby_promoted&) = default;
};

/// A spare ended before it was promoted, and nobody asked it to; another is started.
struct standby_ended {
  std::int32_t pid = 0;  ///< The spare's; 0: it could not even be started.
  exit_status status;
  friend bool operator==(const standby_ended&, const standby_ended&) = default;
};

}  // namespace events

/// One entry of a supervisor's record.
struct supervision_event {
  std::chrono::steady_clock::time_point time;
  std::string supervisor;  ///< Its path from the root, "main/parsers".
  std::string child;
  std::int32_t pid = 0;           ///< 0 while it has no process that reported itself.
  std::uint64_t incarnation = 0;  ///< Which start of the child; the first is 1.
  std::variant<events::started, events::ready, events::exited, events::restarting,
               events::start_failed, events::restart_failed, events::gave_up, events::stopped,
               events::deleted, events::hung, events::standby_promoted, events::standby_ended,
               events::limit_hit, events::letters_full>
      what;

  friend bool operator==(const supervision_event&, const supervision_event&) = default;
};

/// One line for people: "main/parsers/reader #2 (4711): exited: exit code 3".
[[nodiscard]] std::string to_text(const supervision_event& event);
/// How much it matters, for a log.
[[nodiscard]] log_level level_of(const supervision_event& event);

/// What a child is doing.
enum class child_state : std::uint8_t {
  starting,    ///< Its first start, or one by restart_child, is under way.
  running,     ///< It is up.
  restarting,  ///< It waits for its next start after a failure, or that start is under way.
  stopping,    ///< It has been asked to stop or was killed for that, and has not ended yet.
  stopped,     ///< It has no process and gets none unless restart_child is called.
};

/// One child as `which_children` lists it.
struct child_info {
  std::uint64_t id = 0;  ///< Never used again in this supervisor.
  std::string name;
  child_kind kind = child_kind::worker;
  bulkhead::restart restart = bulkhead::restart::permanent;
  child_state state = child_state::stopped;
  std::int32_t pid = 0;
  std::uint64_t incarnation = 0;
  std::uint32_t standbys = 0;  ///< Spares that are prepared and wait.
  /// While restarting: when the next start comes, or when the one under way began.
  std::optional<std::chrono::steady_clock::time_point> next_attempt;

  friend bool operator==(const child_info&, const child_info&) = default;
};

/// The numbers of a supervisor's children at one moment.
/// specifications = supervisors + workers = active + restarting + the stopped.
struct child_count {
  std::size_t specifications = 0;
  std::size_t active = 0;  ///< Starting, running or stopping.
  std::size_t supervisors = 0;
  std::size_t workers = 0;
  std::size_t restarting = 0;

  friend bool operator==(const child_count&, const child_count&) = default;
};

}  // namespace bulkhead
