#pragma once

#include <bulkhead/detail/async_calls.hpp>
#include <bulkhead/detail/entry.hpp>
#include <bulkhead/detail/pipe_batch_calls.hpp>
#include <bulkhead/detail/pipe_core.hpp>
#include <bulkhead/detail/pipe_in_place_calls.hpp>
#include <bulkhead/detail/pipe_message.hpp>
#include <bulkhead/detail/reported.hpp>
#include <bulkhead/runtime.hpp>
#include <concepts>
#include <optional>
#include <utility>

namespace bulkhead {

template <class Out, class In>
class pipe_end;

/// One of the two ends of a pipe: sends messages of type Out to the other end and receives those of
/// type In from it, each direction bounded, in order.
///
/// Move-only. Moved into an argument of `spawn` or `supervisor::start` it is the child's from then
/// on. In a message, through a queue or another pipe, it is the receiver's: when `send` returned
/// the sender's is empty, when it failed it is as it was. Should the receiver end before it settled
/// the message, the next one gets the end, and the other side hears of a restart; a message whose
/// end somebody has taken out or closed brings an empty one. Destroyed it is closed; in a child, an
/// end that came as an argument stays until the child closes it or ends. What was sent stays
/// readable after its sender has closed or ended.
///
/// Each waiting call has a `_for`, a `try_` and an `async_` form (but those for messages in place
/// have no `async_` one: the thread that borrows is the one that returns), and each one that can
/// fail by what others do a twin that reports to a `std::error_code&`; `closed` throws. Nothing
/// there, no room, or none in that time is no error: the `try_` and `_for` forms then return
/// nothing or false, with a cleared error_code.
/// @errors closed: the other side closed its end or exited with 0, and all that it sent was read;
/// or this end is closed.
///   peer_crashed: the other side ended otherwise, and all that it sent was read;
///   `bulkhead::error::status` says how.
///   peer_restarted: what was read is all that the other side's last incarnation sent, and a new
///   one follows: start the conversation again. Told once by the receiving calls.
///   stop_requested: this process was asked to stop, and the call would have waited.
///   full: this thread itself holds a loan of this direction; or a pipe end in the message is in
///   use: return its loans, finish its long message.
///   not_permitted: a pipe end in the message is this one, or not this process's to send.
///   unsupported: an endpoint in the message is another program's (docs/attach.md); the text says
///   what can be sent.
///   owner_gone: the end came from a program that this one attached to, and that has ended.
///   corrupt: make a new pipe. not_initialised: in a forked copy of a process, or an empty end.
/// @threads any, but moving and destroying it; a thread that uses a direction alone pays no lock.
/// @crash the other side's process may die at any instruction: what it had sent can be read.
template <class Out, class In>
class pipe_end : public detail::async_pipe_calls<pipe_end<Out, In>, Out, In>,
                 public detail::pipe_batch_calls<pipe_end<Out, In>, Out, In>,
                 public detail::pipe_in_place_calls<pipe_end<Out, In>, Out, In> {
 public:
  using sent_type = Out;
  using received_type = In;

  // Messages that are filled or read in place have calls of their own: loan, send of a loan,
  // receive_in_place, and their forms.
  using detail::pipe_in_place_calls<pipe_end, Out, In>::send;
  // Batches: send_batch, receive_batch and their forms (detail/pipe_batch_calls.hpp).

  /// An end of nothing, to be assigned to. Every call on it throws.
  pipe_end() = default;
  pipe_end(pipe_end&&) noexcept = default;
  pipe_end& operator=(pipe_end&&) noexcept = default;

  /// Hands a message over: when it returns, the message is in the pipe and outlives this process.
  /// Waits while `capacity` messages are under way. A message that is larger than three eighths of
  /// `ring_bytes` goes in pieces, and is there when the last of them is; where its receiver dies
  /// after that and before it has the whole, it is lost, as pieces are taken out as they come.
  /// @errors peer_restarted: the receiver of the first pieces is no more; send again.
  void send(const Out& value) const {
    const fast done = put_fast(value);
    if (done != fast::done) [[unlikely]]
      put_rest_or_throw(done, value);
  }
  void send(const Out& value, std::error_code& ec) const {
    const fast done = put_fast(value);
    if (done == fast::done) [[likely]] {
      if (ec) ec.clear();
      return;
    }
    ec = put_rest(done, value, forever());
  }
  /// @returns false when it is full. @errors too_large: it goes in pieces only, for which one has
  /// to wait.
  bool try_send(const Out& value) const {
    const fast done = put_fast(value);
    if (done == fast::done) [[likely]]
      return true;
    return sent_or_not(put_rest(done, value, detail::patience::none()));
  }
  bool try_send(const Out& value, std::error_code& ec) const {
    const fast done = put_fast(value);
    if (done == fast::done) [[likely]] {
      if (ec) ec.clear();
      return true;
    }
    return sent_or_not(put_rest(done, value, detail::patience::none()), ec);
  }
  /// @returns false when it stayed full for that time.
  template <class Rep, class Period>
  bool send_for(const Out& value, std::chrono::duration<Rep, Period> time) const {
    const fast done = put_fast(value);
    if (done == fast::done) [[likely]]
      return true;
    return sent_or_not(put_rest(done, value, detail::patience::lasting(time)));
  }
  template <class Rep, class Period>
  bool send_for(const Out& value, std::chrono::duration<Rep, Period> time,
                std::error_code& ec) const {
    const fast done = put_fast(value);
    if (done == fast::done) [[likely]] {
      if (ec) ec.clear();
      return true;
    }
    return sent_or_not(put_rest(done, value, detail::patience::lasting(time)), ec);
  }
  /// Receives the next message; waits for it.
  In receive() const {
    In value;  // written by whoever receives
    const fast done = get_fast(value, true);
    if (done != fast::done) [[unlikely]]
      get_rest_or_throw(done, value);
    return value;
  }
  In receive(std::error_code& ec) const {
    In value;  // written by whoever receives
    const fast done = get_fast(value, true);
    if (done == fast::done) [[likely]] {
      if (ec) ec.clear();
    } else {
      ec = get_rest(done, value, forever());
      if (ec) value = In{};
    }
    return value;
  }
  /// @returns nothing when no message is there (yet).
  std::optional<In> try_receive() const {
    std::error_code ec;
    std::optional<In> value = get_or_not(
        false, [] { return detail::patience::none(); }, ec);
    core_.check(ec, "receiving from");
    return value;
  }
  std::optional<In> try_receive(std::error_code& ec) const {
    return get_or_not(
        false, [] { return detail::patience::none(); }, ec);
  }
  template <class Rep, class Period>
  std::optional<In> receive_for(std::chrono::duration<Rep, Period> time) const {
    std::error_code ec;
    std::optional<In> value = get_or_not(
        true, [&] { return detail::patience::lasting(time); }, ec);
    core_.check(ec, "receiving from");
    return value;
  }
  template <class Rep, class Period>
  std::optional<In> receive_for(std::chrono::duration<Rep, Period> time,
                                std::error_code& ec) const {
    return get_or_not(
        true, [&] { return detail::patience::lasting(time); }, ec);
  }
  /// Waits until a receive would return at once, with a message or an error.
  /// @returns false when none did in that time.
  template <class Rep, class Period>
  [[nodiscard]] bool poll(std::chrono::duration<Rep, Period> time) const {
    std::error_code ec;
    const bool found = poll(time, ec);
    core_.check(ec, "polling");
    return found;
  }
  template <class Rep, class Period>
  [[nodiscard]] bool poll(std::chrono::duration<Rep, Period> time, std::error_code& ec) const {
    return found_or_not(core_.poll(detail::patience::lasting(time)), errc::timed_out, ec);
  }
  /// Looks only.
  [[nodiscard]] bool poll() const {
    std::error_code ec;
    const bool found = poll(ec);
    core_.check(ec, "polling");
    return found;
  }
  [[nodiscard]] bool poll(std::error_code& ec) const {
    return found_or_not(core_.poll(detail::patience::none()), errc::full, ec);
  }

  /// Ends the conversation: the other side reads what was sent, then gets `closed`. Repeatable.
  void close() const { core_.check(core_.close(), "closing"); }
  void close(std::error_code& ec) const { ec = core_.close(); }
  [[nodiscard]] bool closed() const {
    core_.check(core_.usable(), "looking at");
    return core_.closed();
  }
  /// What is known of the other side. Asks the keeper.
  [[nodiscard]] pipe_peer peer() const { return core_.peer(); }
  [[nodiscard]] pipe_peer peer(std::error_code& ec) const {
    return detail::reported(ec, [&] { return core_.peer(); });
  }
  [[nodiscard]] const std::string& name() const { return core_.name(); }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(core_); }

  // Not in the class itself: a message may hold ends of its own kind.
  explicit pipe_end(detail::pipe_core core) noexcept : core_(std::move(core)) {
    static_assert(detail::require_message<Out>());
    static_assert(detail::require_message<In>());
  }
  [[nodiscard]] const detail::pipe_core& core() const noexcept { return core_; }

 private:
  using fast = detail::fast;
  static detail::patience forever() noexcept { return detail::patience::forever(); }

  [[gnu::always_inline]] fast put_fast(const Out& value) const {
    if constexpr (detail::is_slotted<Out>) {
      return core_.ports().out.send(value);
    } else {
      return fast::no;
    }
  }
  [[gnu::always_inline]] fast get_fast(In& value, bool waits) const {
    if constexpr (detail::is_slotted<In>) {
      return core_.ports().in.receive(value, waits);
    } else {
      return fast::no;
    }
  }
  // What the fast path leaves to do. Out of line and cold, so that the calls stay short.
  [[gnu::noinline, gnu::cold]] std::error_code put_rest(fast done, const Out& value,
                                                        detail::patience how_long) const {
    if constexpr (detail::is_slotted<Out>) {
      if (done == fast::no) done = core_.ports().out.send_after_look(value, how_long.may_wait());
      if (done == fast::done) return {};
    }
    if (done == fast::heed) return core_.after_send();
    return put(value, how_long);
  }
  [[gnu::noinline, gnu::cold]] void put_rest_or_throw(fast done, const Out& value) const {
    core_.check(put_rest(done, value, forever()), "sending to");
  }
  [[gnu::noinline, gnu::cold]] std::error_code get_rest(fast done, In& value,
                                                        detail::patience how_long) const {
    if constexpr (detail::is_slotted<In>) {
      if (done == fast::no) done = core_.ports().in.receive_after_look(value, how_long.may_wait());
      if (done == fast::done) return {};
    }
    if (done == fast::heed) {
      core_.after_receive();
      return {};
    }
    return get(value, how_long);
  }
  [[gnu::noinline, gnu::cold]] void get_rest_or_throw(fast done, In& value) const {
    core_.check(get_rest(done, value, forever()), "receiving from");
  }

  std::error_code put(const Out& value, detail::patience how_long) const {
    return detail::send_slowly(core_, value, how_long);
  }
  std::error_code get(In& value, detail::patience how_long, bool tell_restart = true) const {
    return detail::receive_slowly(core_, value, how_long, tell_restart);
  }
  // What a poll ended with, as it tells it: errors are for the receive that follows, but where that
  // would not tell them.
  static bool found_or_not(const std::error_code& result, errc nothing, std::error_code& ec) {
    const bool failed = result == errc::stop_requested || result == errc::not_initialised;
    ec = failed ? result : std::error_code();
    return !failed && result != nothing;
  }
  // @returns whether it was sent; not so much as an error where it is only full.
  static bool sent_or_not(std::error_code result, std::error_code& ec) {
    ec = detail::is_nothing(result) ? std::error_code() : result;
    return !result;
  }
  bool sent_or_not(std::error_code result) const {
    std::error_code ec;
    const bool sent = sent_or_not(result, ec);
    core_.check(ec, "sending to");
    return sent;
  }
  template <class Patience>
  std::optional<In> get_or_not(bool waits, Patience how_long, std::error_code& ec) const {
    std::optional<In> value(std::in_place);
    if (ec) ec.clear();
    const fast done = get_fast(*value, waits);
    if (done == fast::done) [[likely]]
      return value;
    ec = get_rest(done, *value, how_long());
    if (!ec) return value;
    if (detail::is_nothing(ec)) ec.clear();
    return std::nullopt;
  }
  detail::pipe_core core_;
};

/// Makes a pipe; both ends are this process's. The first end sends A and receives B.
/// @errors std::invalid_argument names the bad option; bulkhead::error: no memory; not_initialised.
template <class A, class B>
[[nodiscard]] std::pair<pipe_end<A, B>, pipe_end<B, A>> make_pipe(
    runtime& rt, const pipe_options& options = {}) {
  auto ends = detail::pipe_core::make(rt, options, detail::pipe_traffic::of<A>(),
                                      detail::pipe_traffic::of<B>());
  return {pipe_end<A, B>(std::move(ends.first)), pipe_end<B, A>(std::move(ends.second))};
}

}  // namespace bulkhead

// How it travels.
#include <bulkhead/detail/pipe_codec.hpp>
