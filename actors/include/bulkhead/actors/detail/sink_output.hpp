#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/exit_status.hpp>
#include <bulkhead/overflow.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <system_error>

namespace bulkhead::actors::detail {

/// Where a sink puts what it is sent, without the type of the messages.
/// @threads any: senders put what need not wait, one thread of the sink what does.
class sink_output {
 public:
  sink_output() = default;
  sink_output(const sink_output&) = delete;
  sink_output& operator=(const sink_output&) = delete;
  virtual ~sink_output() = default;

  /// True for a message that can be put there.
  [[nodiscard]] virtual bool takes(const compat::message_values& content) const = 0;
  /// False for one that there is always room for, and that need wait behind no other.
  [[nodiscard]] virtual bool needs_room(const compat::message_values&) const { return true; }
  /// Puts one there. @limits how_long 0: does not wait.
  /// @returns nothing: it is there. full, where it did not wait: there is no room; where it did: it
  /// is refused. timed_out: there was no room in that time.
  virtual std::error_code put(const compat::message_values& content,
                              std::chrono::milliseconds how_long) = 0;
  /// Calls `caller` when `tend` is to be called. Before it is used.
  virtual void call_by(std::function<void()>) {}
  /// Does what is left to be done. In the sink's thread. @returns true: call it again soon.
  virtual bool tend() { return false; }
  /// The system ends. Ends a `put` that takes longer than it was told, as a message in pieces does.
  virtual void cancel() noexcept {}
  /// The sink has ended: nothing more is put there.
  virtual void close() noexcept {}
  /// How the process at the other side ended, where `put` has said that it crashed.
  [[nodiscard]] virtual exit_status peer_status() const { return {}; }
  /// What its overflow policy has done, where the mailbox does not count that itself.
  [[nodiscard]] virtual overflow_counters counters() const { return {}; }
  [[nodiscard]] virtual const std::string& name() const = 0;
};

}  // namespace bulkhead::actors::detail
