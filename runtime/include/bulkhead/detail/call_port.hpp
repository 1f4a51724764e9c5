#pragma once

#include <bulkhead/call_options.hpp>
#include <bulkhead/detail/async_operation.hpp>
#include <bulkhead/detail/call_entry.hpp>
#include <memory>

namespace bulkhead::detail {

class call_desk;

/// A runtime's calls in processes of their own. The first makes their queue.
class call_port {
 public:
  /// @errors as make_queue.
  explicit call_port(runtime& rt);

  /// Takes a slot for a call, whose end is told to `to`, once, on the runtime's thread mostly.
  [[nodiscard]] call_ticket open(call_continuation& to);
  [[nodiscard]] queue_sender<call_reply> replies() const;
  /// Starts its process. @errors as spawn; then `to` is not told of that.
  void begin(const call_ticket& call, const call_options& options, start_recipe recipe);
  /// @returns true: it was under way, and nobody will be told.
  bool drop(const call_ticket& call);
  /// Kills its process; its continuation is told operation_canceled, if it is still under way.
  void abort(const call_ticket& call);
  /// Where handlers run that name no executor.
  [[nodiscard]] async_home home() const;

 private:
  std::shared_ptr<call_desk> desk_;
};

}  // namespace bulkhead::detail
