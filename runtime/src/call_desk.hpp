#pragma once

#include <boost/asio/steady_timer.hpp>
#include <bulkhead/detail/call_port.hpp>
#include <bulkhead/queue.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "process_state.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {

/// The calls of a runtime that are under way: a table of slots, each with a generation, so that an
/// answer to a call that is over finds nobody; and the queue on which the answers come.
/// @threads any. Answers are told on the runtime's thread, outside the lock.
class call_desk : public std::enable_shared_from_this<call_desk> {
 public:
  /// @errors as queue's.
  explicit call_desk(runtime& rt);
  /// Begins to receive.
  void listen();

  std::uint64_t open(call_answer answer);
  [[nodiscard]] queue_sender<call_reply> replies() const { return replies_.sender(); }
  void begin(std::uint64_t call, const call_options& options, start_recipe recipe);
  void drop(std::uint64_t call);
  void fail(std::uint64_t call, std::exception_ptr why);
  void fail_later(call_answer answer, std::exception_ptr why);
  void fail_all(errc why);
  [[nodiscard]] boost::asio::any_io_executor executor() const;

 private:
  struct slot {
    std::uint32_t generation = 1;
    call_answer answer;  // none: the slot is free
    call_options options;
    start_recipe recipe;
    std::uint32_t attempts = 0;
    std::shared_ptr<process_state> process;
    std::shared_ptr<boost::asio::steady_timer> timer;
  };

  slot* find(std::uint64_t call);
  std::optional<slot> take(std::uint64_t call);
  void start(std::uint64_t call);
  void wait_until(std::uint64_t call, std::chrono::nanoseconds time);
  void told_of_reply(const call_reply& reply);
  void told_of_end(std::uint64_t call, const exit_status& status);
  void end_or_try_again(std::uint64_t call, const exit_status& status);

  std::weak_ptr<runtime_state> rt_;
  queue<call_reply> replies_;
  std::mutex mutex_;
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace bulkhead::detail
