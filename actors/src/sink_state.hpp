#pragma once

#include <atomic>
#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/sink_output.hpp>
#include <bulkhead/exit_status.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>

#include "lane_thread.hpp"

namespace bulkhead::actors::detail {

/// A sink at work: senders put their messages where they belong, and a thread those for which there
/// was no room.
/// @threads any. Lock order: nothing is called with `mutex_` held.
class sink_state final : public lane_thread, public std::enable_shared_from_this<sink_state> {
 public:
  sink_state(std::shared_ptr<sink_output> output, std::size_t waiting_most)
      : waiting_most_(waiting_most), output_(std::move(output)) {}

  void start(const caf::strong_actor_ptr& proxy);
  /// What the sink was sent; taken over where it is to wait.
  /// @limits output: the one that it was made with, which its thread may have let go of.
  /// @returns the error that a request is to be answered with.
  caf::error take(sink_output& output, caf::mailbox_element_ptr& message, compat::unit* host);
  /// Nobody has a handle: ends it when nothing waits.
  void leave() noexcept;
  void let_go() noexcept override;
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return dropped_.load(std::memory_order_relaxed);
  }

 private:
  // Of a put.
  struct outcome {
    std::error_code ec;
    std::string text = {};
  };

  void run() noexcept;
  void bring_all(sink_output& output);
  [[nodiscard]] caf::mailbox_element* next(sink_output& output);
  void call();
  void bring_what_fits(sink_output& output);
  [[nodiscard]] static outcome put(sink_output& output, const compat::message_values& content,
                                   std::chrono::milliseconds how_long);
  // Ends it for that reason, which may be no error's.
  void end(sink_output& output, caf::error reason);
  void finish();
  void close(sink_output& output, caf::error reason);
  [[nodiscard]] caf::mailbox_element_ptr pop();
  [[nodiscard]] caf::error wait_for_room(sink_output& output, caf::mailbox_element& message,
                                         compat::unit* host);
  [[nodiscard]] caf::error keep(caf::mailbox_element_ptr& message);
  // What became of a message. @returns the error that a request is to be answered with.
  [[nodiscard]] caf::error tell(const outcome& of, sink_output& output,
                                const caf::mailbox_element& message, compat::unit* host);
  [[nodiscard]] caf::error drop(const caf::mailbox_element& message, caf::error why);

  const std::size_t waiting_most_;
  caf::weak_actor_ptr proxy_;  // written before the thread is there
  std::atomic<bool> has_waiting_{false};
  std::atomic<std::uint64_t> dropped_{0};

  bool tends_ = false;  ///< The thread's.

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<sink_output> output_;           ///< Until the thread ends.
  std::deque<caf::mailbox_element_ptr> waiting_;  ///< The front one is the thread's.
  bool is_called_ = false;                        ///< The output wants to be tended.
  bool nobody_waits_ = false;                     ///< The system ends, or the process is to stop.
  bool has_handles_ = true;
  bool is_ending_ = false;
  caf::error reason_;
};

class system_state;
/// Makes a sink that ends with the system. Throws runtime_gone.
caf::strong_actor_ptr start_sink(system_state& in, std::unique_ptr<sink_output> output,
                                 std::size_t waiting_most);

}  // namespace bulkhead::actors::detail
