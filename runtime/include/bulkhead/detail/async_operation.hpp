#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>
#include <bulkhead/detail/async_line.hpp>
#include <bulkhead/detail/pipe_core.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <system_error>
#include <vector>

// What is the same for all asynchronous operations; runtime/src/async_waits.hpp carries them out.
namespace bulkhead::detail {

class async_waits;
class event_stream;
class process_state;
class runtime_state;

/// An operation that could not end at once. Its steps come one after the other, from any thread of
/// the execution context that it waits in.
class async_operation {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Tries to end. @returns true: it has, and its result is inside.
  virtual bool attempt() noexcept = 0;
  /// Ends it with an error instead.
  virtual void end(const boost::system::error_code& why) noexcept = 0;
  /// Hands the result to the handler's executor, which runs the handler later. The operation is
  /// gone then.
  virtual void complete() = 0;
  /// Drops it; the handler never runs.
  virtual void destroy() noexcept = 0;
  /// When it wants to be tried again although nothing rang.
  [[nodiscard]] virtual time_point look_again() const = 0;

 protected:
  ~async_operation() = default;
};

struct async_deleter {
  void operator()(async_operation* op) const noexcept { op->destroy(); }
};
using async_operation_ptr = std::unique_ptr<async_operation, async_deleter>;

/// What rings when an operation may go on: one side of a queue or of a pipe end, the end of a
/// process, an event of a supervisor, or a descriptor that can be read.
struct async_source {
  std::weak_ptr<queue_state> queue;
  std::weak_ptr<pipe_state> pipe;
  std::weak_ptr<process_state> child;
  std::weak_ptr<event_stream> events;
  int descriptor = -1;
  async_line line = async_line::receives;
  bool joining = false;  ///< Of a queue: the bell of senders, which the operation itself announces.

  [[nodiscard]] bool sending() const noexcept { return line != async_line::receives; }
};

/// Where the handlers run whose token names no executor: on the one that the runtime was given, or
/// on its own thread.
struct async_home {
  boost::asio::any_io_executor executor;
  std::shared_ptr<runtime_state> rt;

  /// Starts the runtime's own thread, if that is meant and it does not run yet.
  /// @errors std::system_error.
  void ensure_running() const;
};
[[nodiscard]] async_home home_of(const std::shared_ptr<runtime_state>& rt);
[[nodiscard]] async_home home_of(const queue_core& queue);
[[nodiscard]] async_home home_of(const std::shared_ptr<pipe_state>& pipe);
[[nodiscard]] async_home home_of(const process_state& child);
[[nodiscard]] async_home home_of(const event_stream& events);
/// For what belongs to no runtime.
[[nodiscard]] async_home home_of_nobody();

/// The name of an operation that waits, by which it is cancelled.
struct async_ticket {
  std::weak_ptr<async_waits> where;
  std::uint64_t id = 0;

  /// Ends the operation with operation_aborted, unless it has ended or is just about to.
  void cancel() const;
};

/// @errors ec: no descriptors, no memory.
[[nodiscard]] async_ticket make_ticket(boost::asio::execution_context& where, std::error_code& ec);
/// Has the operation wait, and tried whenever one of the sources rings.
/// @limits together: all operations on that source, one, wait in line, and end in that order.
void begin_waiting(const async_ticket& ticket, async_operation_ptr op,
                   std::vector<async_source> sources, bool together);
/// True while others wait in line there: an operation that begins now may not overtake them.
[[nodiscard]] bool others_wait(const async_source& source);

// Why a waiting call must not even try; none: it may.
[[nodiscard]] std::error_code obstacle_to_receive(const queue_core& queue);
[[nodiscard]] std::error_code obstacle_to_send(const queue_core& queue);
/// Why a send that found no room shall not wait for it; none: it shall.
[[nodiscard]] std::error_code refusal_to_wait(const queue_core& queue);
/// When an operation on a queue is to be tried again although nothing rings.
[[nodiscard]] std::chrono::steady_clock::time_point look_again_at(const queue_core& queue);
/// The same of a wait for an end: a runtime that is stopped meanwhile rings for nobody.
[[nodiscard]] inline std::chrono::steady_clock::time_point look_for_runtime() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(1);
}

/// A std::error_code as Asio's handlers get it: comparable with errc, std::errc and Asio's own.
[[nodiscard]] boost::system::error_code async_error(const std::error_code& code) noexcept;
[[nodiscard]] boost::system::error_code async_aborted() noexcept;
/// The error that stands for the exception being handled: a message's own code threw it.
[[nodiscard]] std::error_code error_of_exception() noexcept;

}  // namespace bulkhead::detail
