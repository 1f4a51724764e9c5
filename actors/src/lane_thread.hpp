#pragma once

#include <atomic>
#include <caf/abstract_actor.hpp>
#include <thread>

namespace bulkhead::actors::detail {

/// A thread of an actor system that is at one end of a lane, until that is over or the system ends.
/// @threads any but where said.
class lane_thread {
 public:
  lane_thread() = default;
  lane_thread(const lane_thread&) = delete;
  lane_thread& operator=(const lane_thread&) = delete;
  virtual ~lane_thread() = default;

  /// It is to end: nobody wants it any more, or the system ends.
  virtual void let_go() noexcept = 0;
  /// True while it keeps that actor of this process for somebody elsewhere.
  [[nodiscard]] virtual bool keeps(caf::actor_id) const noexcept { return false; }
  [[nodiscard]] bool is_done() const noexcept { return done_.load(std::memory_order_acquire); }
  /// @limits done, or the thread stays behind. Once.
  void finish() {
    if (!thread_.joinable()) return;  // it could not be started, or was not yet
    if (is_done()) {
      thread_.join();
    } else {
      thread_.detach();
    }
  }

 protected:
  /// Starts it, all signals blocked; `body` keeps what it uses. Once.
  /// @errors std::system_error: there can be no more threads; then it is done.
  template <class Body>
  void start_thread(Body body);
  /// Its last step.
  void set_done() noexcept { done_.store(true, std::memory_order_release); }

 private:
  std::thread thread_;
  std::atomic<bool> done_{false};
};

}  // namespace bulkhead::actors::detail

#include "signal_block.hpp"

template <class Body>
void bulkhead::actors::detail::lane_thread::start_thread(Body body) {
  signal_block none;
  try {
    thread_ = std::thread(std::move(body));
  } catch (...) {
    set_done();
    throw;
  }
}
