#pragma once

#include <bulkhead/dead_letter.hpp>
#include <bulkhead/delivery.hpp>
#include <bulkhead/detail/async_calls.hpp>
#include <bulkhead/detail/batch_calls.hpp>
#include <bulkhead/detail/in_place_calls.hpp>
#include <bulkhead/detail/message_io.hpp>
#include <bulkhead/detail/queue_calls.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/detail/reported.hpp>
#include <bulkhead/detail/stream.hpp>
#include <bulkhead/message.hpp>
#include <bulkhead/queue_options.hpp>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace bulkhead {

template <class T>
class queue_sender;

/// A typed, bounded mailbox between processes: many senders, many receivers, in shared memory.
///
/// Copies are handles to the same queue, and so is what a child gets as an argument; the queue goes
/// when no process holds one. FIFO per sender; a sender is a process, over its incarnations when it
/// is supervised. A message that was taken and not settled when its taker dies is delivered again,
/// marked, before younger ones of its sender.
///
/// Each waiting call has a `_for`, a `try_` and an `async_` form, but `consume` and `transform`
/// none of them; and each one that can fail by what others do a twin that reports to a
/// `std::error_code&`; questions of what is there (size, closed, counters) throw.
/// Nothing there, no room, or none in that time is no error: the `try_` and `_for` forms then
/// return nothing or false, with a cleared error_code.
/// @errors closed: the normal end of a stream. stop_requested: this process was asked to stop,
/// before anything was taken.
///   too_large: the message exceeds payload_bytes. too_many_participants: raise `participants`.
///   corrupt: make a new queue. not_initialised: an empty handle, or one in a forked copy of a
///   process.
/// @threads any, all calls; the threads of one process share its place in the queue.
/// @crash what `send` returned for survives its sender; what was received is its receiver's; what
/// was taken comes back.
template <class T>
class queue : public detail::async_queue_calls<queue<T>, T>,
              public detail::send_batch_calls<queue<T>, T>,
              public detail::take_batch_calls<queue<T>, T>,
              public detail::in_place_calls<T> {
 public:
  using value_type = T;

  /// A handle to nothing, to be assigned to. Every call on it throws.
  queue() = default;
  /// Makes a queue. @errors std::invalid_argument: a bad option; bulkhead::error: no memory,
  /// not_initialised.
  explicit queue(runtime& rt, const queue_options& options = {})
      : detail::in_place_calls<T>(
            detail::queue_core(rt, options, inline_bytes, detail::fingerprint_of<T>())) {
    // Not in the class: a T may hold a queue of itself, and is complete only later.
    static_assert(detail::require_message<T>());
  }

  // The messages that are filled or read in place have calls of their own: loan, send and its
  // forms, take_in_place and its forms.
  using detail::in_place_calls<T>::send;
  using detail::in_place_calls<T>::send_for;
  using detail::in_place_calls<T>::try_send;
  // Batches: send_batch, take_batch and their forms (detail/batch_calls.hpp). For all messages:
  // consume, transform, join and its forms (detail/stage_calls.hpp).

  /// Hands a message over: when it returns, the message is in the queue and outlives this process.
  /// Waits while the sender's `capacity` messages are under way, or `total` of all senders, unless
  /// the queue's overflow policy says otherwise: then errc::full, or a message is dropped.
  void send(const T& value) const {
    core_.check(put(value, detail::patience::forever()), "sending to");
  }
  void send(const T& value, std::error_code& ec) const {
    ec = put(value, detail::patience::forever()).code();
  }
  /// @returns false when it is full.
  bool try_send(const T& value) const { return sent_or_not(put(value, detail::patience::none())); }
  bool try_send(const T& value, std::error_code& ec) const {
    return done_or_not(put(value, detail::patience::none()), ec);
  }
  /// @returns false when it stayed full for that time.
  template <class Rep, class Period>
  bool send_for(const T& value, std::chrono::duration<Rep, Period> time) const {
    return sent_or_not(put(value, detail::patience::lasting(time)));
  }
  template <class Rep, class Period>
  bool send_for(const T& value, std::chrono::duration<Rep, Period> time,
                std::error_code& ec) const {
    return done_or_not(put(value, detail::patience::lasting(time)), ec);
  }
  /// @returns how many messages this sender has sent, over all its incarnations: where a
  /// deterministic source goes on.
  [[nodiscard]] std::uint64_t sent() const { return core_.sent(); }
  [[nodiscard]] std::uint64_t sent(std::error_code& ec) const {
    return detail::reported(ec, [&] { return sent(); });
  }

  /// Receives a message at most once: it is this process's from then on, and dies with it.
  T receive() const {
    if constexpr (is_copied_from_slot) {
      T value;  // the one that is returned
      if (!get_by_port(detail::patience::forever(), [&](const std::byte* bytes) {
            std::memcpy(&value, bytes, sizeof(T));
          })) [[unlikely]] {
        value = receive_slowly();
      }
      return value;
    } else {
      return receive_slowly();
    }
  }
  T receive(std::error_code& ec) const {
    detail::status result;
    std::optional<T> value = get(detail::patience::forever(), result);
    ec = result.code();
    return value ? std::move(*value) : T{};
  }
  /// @returns nothing when no message waits.
  std::optional<T> try_receive() const { return received_or_not(detail::patience::none()); }
  std::optional<T> try_receive(std::error_code& ec) const {
    return received_or_not(detail::patience::none(), ec);
  }
  template <class Rep, class Period>
  std::optional<T> receive_for(std::chrono::duration<Rep, Period> time) const {
    return received_or_not(detail::patience::lasting(time));
  }
  template <class Rep, class Period>
  std::optional<T> receive_for(std::chrono::duration<Rep, Period> time, std::error_code& ec) const {
    return received_or_not(detail::patience::lasting(time), ec);
  }

  /// Takes a message at least once: it is leased to this process until the delivery settles it, and
  /// delivered again if this process dies first.
  delivery<T> take() const {
    detail::status result;
    delivery<T> d = lease(detail::patience::forever(), result);
    core_.check(result, "taking from");
    return d;
  }
  delivery<T> take(std::error_code& ec) const {
    detail::status result;
    delivery<T> d = lease(detail::patience::forever(), result);
    ec = result.code();
    return d;
  }
  /// @returns an empty delivery when no message waits.
  delivery<T> try_take() const { return taken_or_not(detail::patience::none()); }
  delivery<T> try_take(std::error_code& ec) const {
    return taken_or_not(detail::patience::none(), ec);
  }
  template <class Rep, class Period>
  delivery<T> take_for(std::chrono::duration<Rep, Period> time) const {
    return taken_or_not(detail::patience::lasting(time));
  }
  template <class Rep, class Period>
  delivery<T> take_for(std::chrono::duration<Rep, Period> time, std::error_code& ec) const {
    return taken_or_not(detail::patience::lasting(time), ec);
  }

  /// `for (T& v : q)`: receives until the queue is closed and drained or this process is asked to
  /// stop. One pass, one thread.
  [[nodiscard]] auto begin() const {
    return detail::stream_iterator([q = *this] { return q.next_value(); });
  }
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }
  /// `for (auto& d : q.deliveries())`: takes likewise.
  [[nodiscard]] auto deliveries() const {
    return detail::stream([q = *this] { return q.next_delivery(); });
  }

  /// @returns a handle that only sends; see queue_options::close_after_senders.
  [[nodiscard]] queue_sender<T> sender() const { return queue_sender<T>(*this); }

  /// Ends the stream for all: senders fail from now on, receivers get what is left. Repeatable.
  void close() const { core_.check(core_.close(), "closing"); }
  void close(std::error_code& ec) const { ec = core_.close().code(); }
  [[nodiscard]] bool closed() const { return core_.closed(); }
  /// The messages that processes have taken and not settled, as they are now.
  [[nodiscard]] std::vector<in_flight_message> in_flight() const { return core_.in_flight(); }
  [[nodiscard]] std::vector<in_flight_message> in_flight(std::error_code& ec) const {
    return detail::reported(ec, [&] { return in_flight(); });
  }
  [[nodiscard]] overflow_counters counters() const { return core_.counters(); }
  /// Messages that wait. Exact while nobody sends or takes.
  [[nodiscard]] std::size_t size() const { return core_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// Messages under way of each sender, at most. Of all together: queue_options::total.
  [[nodiscard]] std::size_t capacity() const { return core_.capacity(); }
  [[nodiscard]] const std::string& name() const { return core_.name(); }

  /// @returns the queue of messages that used up their deliveries, at most 1024. While it is full,
  /// they stay out of delivery.
  [[nodiscard]] queue<dead_letter<T>> dead_letters() const {
    return queue<dead_letter<T>>(core_.dead_letters(detail::fingerprint_of<dead_letter<T>>()));
  }

  [[nodiscard]] queue<dead_letter<T>> dead_letters(std::error_code& ec) const {
    return detail::reported(ec, [&] { return dead_letters(); });
  }

  /// Sends up to `max` dead letters' values again, each as one step with the letter's settling, as
  /// far as there is room. @returns how many, also with an error. That the letters were closed is
  /// none.
  std::size_t redrive(std::size_t max) const {
    std::error_code ec;
    const std::size_t count = redrive(max, ec);
    core_.check(detail::status::of(ec), "sending again the dead letters of");
    return count;
  }
  std::size_t redrive(std::size_t max, std::error_code& ec) const {
    const auto letters = dead_letters(ec);
    std::size_t count = 0;
    while (!ec && count < max) {
      delivery<dead_letter<T>> letter = letters.try_take(ec);
      if (ec == errc::closed) ec.clear();
      if (!letter || !letter.try_forward(*this, letter->value, ec)) break;
      ++count;
    }
    return count;
  }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(core_); }
  friend bool operator==(const queue&, const queue&) = default;

  explicit queue(detail::queue_core core) : detail::in_place_calls<T>(std::move(core)) {}
  [[nodiscard]] const detail::queue_core& core() const noexcept { return core_; }

 private:
  using calls = detail::in_place_calls<T>;
  using calls::as_end;
  using calls::core_;
  using calls::done_or_not;
  using calls::get;
  using calls::get_by_port;
  using calls::get_slowly;
  using calls::inline_bytes;
  using calls::is_copied_from_slot;
  using calls::lease;
  using calls::next;
  using calls::put;
  using calls::sent_or_not;

  T receive_slowly() const {
    detail::status result;
    std::optional<T> value = get_slowly(detail::patience::forever(), result);
    core_.check(result, "receiving from");
    return std::move(*value);
  }
  // The next value or message of a stream, or nothing at its end.
  std::optional<T> next_value() const {
    detail::status result;
    std::optional<T> value = get(detail::patience::forever(), result);
    core_.check(as_end(result), "receiving from");
    return value;
  }
  std::optional<delivery<T>> next_delivery() const {
    detail::status ended;
    delivery<T> d = next(ended);
    core_.check(ended, "taking from");
    if (d) return d;
    return std::nullopt;
  }
  std::optional<T> received_or_not(detail::patience how_long) const {
    detail::status result;
    std::optional<T> value = get(how_long, result);
    if (!detail::is_nothing(result)) core_.check(result, "receiving from");
    return value;
  }
  std::optional<T> received_or_not(detail::patience how_long, std::error_code& ec) const {
    detail::status result;
    std::optional<T> value = get(how_long, result);
    ec = detail::is_nothing(result) ? std::error_code() : result.code();
    return value;
  }
  delivery<T> taken_or_not(detail::patience how_long) const {
    detail::status result;
    delivery<T> d = lease(how_long, result);
    if (!detail::is_nothing(result)) core_.check(result, "taking from");
    return d;
  }
  delivery<T> taken_or_not(detail::patience how_long, std::error_code& ec) const {
    detail::status result;
    delivery<T> d = lease(how_long, result);
    ec = detail::is_nothing(result) ? std::error_code() : result.code();
    return d;
  }
};

/// A queue travels as an argument of a spawned function, and in messages.
template <class T>
struct detail::endpoint_codec<queue<T>> {
  static void write(encoder& to, const queue<T>& q) { to.put_endpoint(q.core().id()); }
  static queue<T> read(decoder& from) {
    std::uint64_t id = 0;
    if (!from.get_endpoint(id)) {
      from.fail();
      return {};
    }
    if (id == no_endpoint) return {};
    queue<T> q(queue_core::find(from.endpoints(), id, fingerprint_of<T>()));
    if (!q) from.fail();
    return q;
  }
  using parts = type_list<T>;
  static constexpr bool in_messages = true;
  static constexpr std::uint64_t fingerprint() { return hash_of("queue"); }
};

}  // namespace bulkhead

#include <bulkhead/queue_sender.hpp>
