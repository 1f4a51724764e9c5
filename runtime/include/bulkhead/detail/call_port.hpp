#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <bulkhead/call_options.hpp>
#include <bulkhead/detail/call_entry.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <span>

namespace bulkhead::detail {

class call_desk;

/// What a call's end is told to, once, on the runtime's thread: why it failed, or the result's
/// bytes.
using call_answer = std::function<void(std::exception_ptr, std::span<const std::byte>)>;

/// A runtime's calls. The first makes their queue.
class call_port {
 public:
  /// @errors as make_queue.
  explicit call_port(runtime& rt);

  /// Takes a place for a call. @returns its number, never used again.
  std::uint64_t open(call_answer answer);
  [[nodiscard]] queue_sender<call_reply> replies() const;
  /// Starts its process. @errors as spawn.
  void begin(std::uint64_t call, const call_options& options, start_recipe recipe);
  /// Gives the place back: nobody is told.
  void drop(std::uint64_t call);
  /// Ends it with operation_aborted, if it is still under way.
  void cancel(std::uint64_t call);
  void fail_later(call_answer answer, std::exception_ptr why);
  [[nodiscard]] boost::asio::any_io_executor executor() const;

 private:
  std::shared_ptr<call_desk> desk_;
};

}  // namespace bulkhead::detail
