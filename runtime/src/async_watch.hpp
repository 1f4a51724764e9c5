#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <bulkhead/detail/async_operation.hpp>
#include <deque>
#include <optional>

#include "os/unique_fd.hpp"

namespace bulkhead::detail {

/// The executor of what the library itself does in an execution context: right where the context
/// finds it due, on one of the context's own threads, outside of every strand.
class in_context {
 public:
  explicit in_context(boost::asio::execution_context& context) noexcept : context_(&context) {}

  [[nodiscard]] boost::asio::execution_context& query(
      boost::asio::execution::context_t /*what*/) const noexcept {
    return *context_;
  }
  template <class Fn>
  void execute(Fn&& fn) const {
    std::forward<Fn>(fn)();
  }
  friend bool operator==(const in_context&, const in_context&) = default;

 private:
  boost::asio::execution_context* context_;
};

using async_descriptor = boost::asio::posix::basic_stream_descriptor<in_context>;
using async_timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, in_context>;

/// Operations of one execution context that wait for the same bells, in the order in which they
/// came, and the descriptors by which this context hears the bells.
///
/// Everything but `bells` and `sources` is guarded by the lock of async_waits.
struct async_watch {
  struct waiting {
    std::uint64_t id = 0;
    async_operation_ptr op;
  };

  async_watch(std::vector<async_source> what, std::uint64_t name);

  /// Says that a ring is wanted from now on, and lets every process see it. Then look again.
  void announce() const;
  /// True when what it waits for is no more.
  [[nodiscard]] bool is_orphaned() const;
  /// Counts operations in and out, for `others_wait`.
  void count(int by) const noexcept;

  const std::uint64_t id;
  const std::vector<async_source> sources;
  std::vector<os::unique_fd> bells;  ///< Our own descriptors, so that nobody else closes them.
  std::deque<waiting> line;
  bool together = true;      ///< Several operations may wait here.
  bool looking = false;      ///< A thread is trying the operations.
  bool again = false;        ///< Something happened meanwhile: it is to try again.
  std::uint64_t trying = 0;  ///< The operation that it tries just now, out of the line.
  bool trying_cancelled = false;
  std::optional<async_timer> timer;
};

}  // namespace bulkhead::detail
