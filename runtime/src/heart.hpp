#pragma once

#include <atomic>
#include <bulkhead/detail/pipe_gate.hpp>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>

#include "core/pulse.hpp"
#include "os/pulse_memory.hpp"
#include "os/wiped_page.hpp"

namespace bulkhead::detail {

/// The heart of a watched process, in which nothing else is. What takes a lock or sleeps in a call
/// of ours says so itself; messages that pass by a gate are counted there anyway, and a thread of
/// the heart's own looks at these counts, so that the fast paths know nothing of it. In forked
/// copies of the process it stands still.
///
/// The runtime's own thread sleeps in Asio, where nobody can mark it. It counts as waiting while it
/// answers: the heart asks it, and who is inside a handler answers later.
/// @owns what it looks at takes itself out before it goes (watched_gates). Never destroyed.
class process_heart final : public core::heart {
 public:
  /// Something to be run on the runtime's thread, soon.
  using asker = std::function<void(std::function<void()>)>;

  process_heart(os::pulse_memory pulse, std::chrono::nanoseconds patience);

  void beat() noexcept override;
  void begin_wait() noexcept override;
  void end_wait() noexcept override;

  /// Starts its thread. Once.
  void start(asker ask_loop);
  /// The calling thread is the runtime's own.
  static void mark_loop_thread() noexcept;

  void add(const pipe_gate* gate);
  void remove(const pipe_gate* gate) noexcept;

 private:
  struct thread_part;
  [[nodiscard]] bool is_here() const noexcept;
  void join_in(thread_part& me) noexcept;
  void change(std::uint64_t by) noexcept;
  [[noreturn]] void run();
  void look_at_gates();
  void look_at_loop();

  std::chrono::nanoseconds interval_;
  os::pulse_memory pulse_;
  os::wiped_page page_;  // of which a forked copy has an empty one
  asker ask_loop_;
  // Of the runtime's thread.
  std::atomic<bool> loop_beats_{false};
  std::atomic<bool> loop_waits_{false};
  std::atomic<bool> loop_answered_{true};
  bool is_loop_counted_ = false;
  bool is_loop_marked_ = false;
  // What has passed the gates.
  std::mutex mutex_;
  std::set<const pipe_gate*> gates_;
  std::uint64_t passed_ = 0;
};

/// The two gates of an endpoint, shown to the heart of this process while this lives.
class watched_gates {
 public:
  /// @limits heart nullptr: nobody watches.
  watched_gates(process_heart* heart, const pipe_gate& out, const pipe_gate& in);
  watched_gates(const watched_gates&) = delete;
  watched_gates& operator=(const watched_gates&) = delete;
  ~watched_gates();

 private:
  process_heart* heart_;
  const pipe_gate* gates_[2];
};

}  // namespace bulkhead::detail
