#pragma once

#include <boost/asio/steady_timer.hpp>
#include <bulkhead/call_continuation.hpp>
#include <bulkhead/detail/call_port.hpp>
#include <bulkhead/queue.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "core/calls/slot_table.hpp"
#include "process_state.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {

/// The calls of a runtime that are under way, each in a process of its own: the same table of slots
/// as a call lane's, so that an answer to a call that is over finds nobody, with the same
/// continuations; and one queue on which all answers come.
/// @threads any. Ends are told outside the lock: on the runtime's thread, or where a call is
/// aborted.
class call_desk : public std::enable_shared_from_this<call_desk> {
 public:
  /// @errors as queue's.
  explicit call_desk(runtime& rt);
  /// Begins to receive.
  void listen();

  call_ticket open(call_continuation& to);
  [[nodiscard]] queue_sender<call_reply> replies() const { return replies_.sender(); }
  void begin(const call_ticket& call, const call_options& options, start_recipe recipe);
  bool drop(const call_ticket& call);
  /// Ends it, and its process.
  void fail(const call_ticket& call, const call_failure& why);
  void fail_all(errc why);
  [[nodiscard]] async_home home() const;

 private:
  struct running {
    call_continuation* to = nullptr;
    call_options options;
    start_recipe recipe;
    std::uint32_t attempts = 0;
    std::shared_ptr<process_state> process;
    std::shared_ptr<boost::asio::steady_timer> timer;

    void clear() noexcept { *this = running{}; }
  };

  running* find(const call_ticket& call) { return table_.find({call.generation, call.slot}); }
  std::optional<running> take(const call_ticket& call);
  void start(const call_ticket& call);
  void wait_until(const call_ticket& call, std::chrono::nanoseconds time);
  void told_of_reply(const call_reply& reply);
  void told_of_end(const call_ticket& call, const exit_status& status);
  void end_or_try_again(const call_ticket& call, const exit_status& status);

  std::weak_ptr<runtime_state> rt_;
  queue<call_reply> replies_;
  std::mutex mutex_;
  core::slot_table<running> table_;
};

}  // namespace bulkhead::detail
