#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace syscalls {

/// Follows a process that stopped itself from one system call's entry or exit to the next, and
/// kills it at one of them. Between an entry and its exit the process may sleep: that is a place to
/// die as well.
class call_tracer {
 public:
  enum class end : std::uint8_t {
    killed,    ///< At the place that was asked for.
    finished,  ///< It ended by itself before.
    forbidden  ///< Nobody may be traced here.
  };
  struct outcome {
    end how = end::finished;
    std::string place;  ///< Where it was killed: "entry of 202", "blocked in 202", "exit of 202".
  };

  /// Called from the process that wants to be traced: stops until somebody does.
  static void wait_for_tracer();

  /// @limits `place` from 1: the how-manieth. `unblock` is called for each sleep that it goes on
  /// from.
  outcome kill_at(pid_t pid, std::size_t place, const std::function<void()>& unblock);
};

}  // namespace syscalls
