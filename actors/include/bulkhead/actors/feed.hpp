#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

namespace bulkhead::actors {

/// Why a feed ended early, when it was the actor's doing.
enum class feed_errc {
  actor_down =
      1,  ///< The actor ended before the queue did: start another and feed it from the same queue.
  handler_failed = 2,  ///< Its handler threw, returned an error, or dropped the promise of an
                       ///< answer: the text says which; mend it.
};

[[nodiscard]] const std::error_category& feed_category() noexcept;
[[nodiscard]] std::error_code make_error_code(feed_errc code) noexcept;

/// What a feed can be told.
struct feed_options {
  std::size_t credit = 64;  ///< Messages that the actor has at one time, at most: waiting in its
                            ///< mailbox or being handled. At least 1.
};

namespace detail {
class feed_state;
}

/// A stream from a mailbox into an actor, made by `from_queue` or `from_pipe`. Movable, and then
/// empty: every call but the destructor needs one that is not.
/// @threads any; do not wait for a feed in a handler of its actor, nor destroy it there.
/// @owns the messages that its actor has not handled; a handle to the actor and one to the queue
/// until it has ended.
class feed {
 public:
  feed() = default;
  feed(feed&&) noexcept = default;
  feed& operator=(feed&& other) noexcept;
  /// Stops it and releases what the actor has not handled. The actor still finds these messages in
  /// its mailbox, and somebody else gets them again, marked; `stop` and `join` before avoid that.
  ~feed();

  /// Waits until the mailbox is closed, nothing of it waits, and the actor has handled all that it
  /// got; after `stop`, only for the last.
  /// @errors bulkhead::error: actor_down, handler_failed; stop_requested in a process that was
  /// asked to stop; runtime_gone when the system was
  ///   destroyed; what taking from the mailbox reports. What was not handled is released, and comes
  ///   again where it is a queue's.
  void join() const;
  void join(std::error_code& ec) const;
  /// @returns false when it has not ended in that time.
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) const {
    return join_until(std::chrono::steady_clock::now() +
                      std::chrono::ceil<std::chrono::steady_clock::duration>(time));
  }

  /// Takes no more messages. What the actor has, it handles, and that is acknowledged. Does not
  /// wait.
  void stop() const;
  /// True when `join` would not wait.
  [[nodiscard]] bool ended() const;

  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

  explicit feed(std::shared_ptr<detail::feed_state> state) noexcept : state_(std::move(state)) {}

 private:
  bool join_until(std::chrono::steady_clock::time_point deadline) const;
  void end() noexcept;

  std::shared_ptr<detail::feed_state> state_;
};

}  // namespace bulkhead::actors

template <>
struct std::is_error_code_enum<bulkhead::actors::feed_errc> : std::true_type {};
