#pragma once

#include <sys/types.h>
#include <bulkhead/detail/async_calls.hpp>
#include <bulkhead/detail/reported.hpp>
#include <bulkhead/detail/time_after.hpp>
#include <bulkhead/errc.hpp>
#include <bulkhead/exit_status.hpp>
#include <bulkhead/spawn_options.hpp>
#include <bulkhead/supervision_types.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bulkhead {

namespace detail {
class process_state;
}

/// A handle to a child process. Movable; the owner of a spawned one ends it in its destructor: asks
/// it to stop, waits `spawn_options::shutdown`, kills it. A handle that a supervisor gave watches
/// and does not own: it stays valid over restarts, shows the current incarnation, and its
/// destructor does nothing. On the runtime's own thread an owner's destructor waits for nothing:
/// the kill comes when the time is over.
///
/// Each call that waits or asks for something has a twin that reports to a `std::error_code&`;
/// questions (id, running, only) throw.
/// @errors stale_incarnation: this handle is empty. not_initialised: in a forked copy of a process.
/// @threads any.
class process : public detail::async_process_calls<process> {
 public:
  process() = default;
  process(process&&) noexcept;
  process& operator=(process&&) noexcept;
  ~process();

  /// The process id; 0 while a supervised child has no process.
  [[nodiscard]] pid_t id() const;
  [[nodiscard]] const std::string& name() const;
  /// Which start of a supervised child it is, from 1; 1 for others.
  [[nodiscard]] std::uint64_t incarnation() const;
  /// The id of a supervised child in its supervisor, which is never used again there; 0 for others.
  [[nodiscard]] std::uint64_t child_id() const;
  [[nodiscard]] bool running() const;
  /// A handle that watches this one incarnation: the present one, or the last where none runs.
  /// @returns a handle whose join and async_wait tell that incarnation's end, and whose signals and
  /// stop requests throw stale_incarnation once it has ended, whatever came after it.
  /// @errors stale_incarnation: another one is there, or it has never been started.
  [[nodiscard]] process only(std::uint64_t incarnation) const;

  /// Waits until it has ended and everything it held is recovered; a supervised child: until no
  /// restart will follow.
  /// @returns how it ended; again at each call. @errors runtime_gone: its runtime was stopped
  /// first; unsupported: it has not ended, and this is the runtime's own thread, where its end is
  /// told: use async_wait.
  exit_status join() const;
  exit_status join(std::error_code& ec) const {
    return detail::reported(ec, [this] { return join(); });
  }
  /// @returns nothing when it has not ended, or not in that time.
  std::optional<exit_status> try_join() const { return join_until({}); }
  std::optional<exit_status> try_join(std::error_code& ec) const {
    return detail::reported(ec, [this] { return try_join(); });
  }
  template <class Rep, class Period>
  std::optional<exit_status> join_for(std::chrono::duration<Rep, Period> time) const {
    return join_until(detail::time_after(time));
  }
  template <class Rep, class Period>
  std::optional<exit_status> join_for(std::chrono::duration<Rep, Period> time,
                                      std::error_code& ec) const {
    return detail::reported(ec, [&] { return join_for(time); });
  }

  /// Asks it to stop: its waiting calls end with errc::stop_requested, never in the middle of a
  /// hand-off, and its stop token fires. One that has ended is left alone.
  void request_stop() const;
  void request_stop(std::error_code& ec) const {
    detail::reported(ec, [this] { request_stop(); });
  }
  /// By SIGTERM. Does not wait. Of a supervised child it is a failure, which a restart follows: to
  /// stop it in order use supervisor::terminate_child.
  void terminate() const;
  void terminate(std::error_code& ec) const {
    detail::reported(ec, [this] { terminate(); });
  }
  /// By SIGKILL; else as terminate.
  void kill() const;
  void kill(std::error_code& ec) const {
    detail::reported(ec, [this] { kill(); });
  }
  /// Sends a signal to the current process, if there is one; one that has ended is not an error.
  /// Whatever it is, the messages that the process holds are not blamed for an end by it.
  /// @errors std::system_error for a bad number.
  void signal(int number) const;
  void signal(int number, std::error_code& ec) const {
    detail::reported(ec, [&] { signal(number); });
  }
  /// A pidfd of the current process, for poll, epoll, Asio and the system calls that take one: it
  /// is readable once the process has ended, which is before what it held is recovered (join), and
  /// it never comes to mean another process, whatever becomes of the number or the incarnation.
  /// @returns a new descriptor at each call, close-on-exec.
  /// @errors stale_incarnation: no process now, since it has ended, waits for its restart, or is a
  /// supervisor in this process; ask again when it runs. runtime_gone: its runtime was stopped, and
  /// with it the process. std::system_error EMFILE: this process has no descriptor free.
  /// @threads any; asks the keeper, and waits for no child.
  /// @owns the caller closes it; it outlives the handle and the runtime.
  [[nodiscard]] int pidfd() const;
  /// @returns -1 after an error.
  [[nodiscard]] int pidfd(std::error_code& ec) const {
    const int fd = detail::reported(ec, [this] { return pidfd(); });
    return ec ? -1 : fd;
  }

  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

  process(std::shared_ptr<detail::process_state> state, bool owns) noexcept;
  [[nodiscard]] const std::shared_ptr<detail::process_state>& state() const noexcept {
    return state_;
  }

 private:
  std::optional<exit_status> join_until(std::chrono::steady_clock::time_point deadline) const;
  void end_owned() noexcept;

  std::shared_ptr<detail::process_state> state_;
  bool owns_ = false;
};

}  // namespace bulkhead
