#pragma once

#include <cstdint>
#include <string>

namespace bulkhead {

/// Why a process ended, as the keeper's `waitid` and what we did to the process tell.
enum class death_cause : std::uint8_t {
  none,           ///< It has not ended.
  exit,           ///< It returned from its function or called `exit`, unasked.
  exception,      ///< Its function threw; `exit_status::text` has type and text.
  signal,         ///< A signal ended it; `exit_status::signal` says which.
  memory_limit,   ///< It went over its memory limit.
  cpu_limit,      ///< It went over its CPU limit.
  watchdog,       ///< It gave no heartbeat in time and was ended for that.
  stopped,        ///< We asked it to stop, or ended it because it did not.
  start_failure,  ///< It never reached its function.
  parent_gone,    ///< The keeper ended, and it with it.
};

/// How a process ended. A value: copyable, comparable, sent in messages.
struct exit_status {
  int code = 0;       ///< Exit code, -1 when a signal ended it.
  int signal = 0;     ///< The signal, 0 when it exited.
  bool core = false;  ///< The kernel wrote a core file.
  death_cause cause = death_cause::none;
  std::string text = {};  ///< What is known beyond that, e.g. an exception's text.

  /// True for an end with exit code 0, asked for or not.
  [[nodiscard]] bool success() const noexcept { return code == 0 && signal == 0; }

  /// One line for people: "exit code 3", "signal 11 (SIGSEGV)", "exception std::bad_alloc: ...".
  [[nodiscard]] std::string report() const;

  /// True when the process ended by its own doing (design.md G2): a fault signal, abort, exception,
  /// non-zero exit or limit. A kill from outside, a stop that was asked for, the keeper's death
  /// and exit code 0 are not the process's doing, nor the fault of the messages it held.
  [[nodiscard]] bool own_doing() const noexcept;

  friend bool operator==(const exit_status&, const exit_status&) = default;
};

}  // namespace bulkhead
