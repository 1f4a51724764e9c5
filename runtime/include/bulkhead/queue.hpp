#pragma once

#include <bulkhead/dead_letter.hpp>
#include <bulkhead/delivery.hpp>
#include <bulkhead/detail/async_calls.hpp>
#include <bulkhead/detail/in_place_calls.hpp>
#include <bulkhead/detail/message_io.hpp>
#include <bulkhead/detail/queue_calls.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/detail/stream.hpp>
#include <bulkhead/message.hpp>
#include <bulkhead/queue_options.hpp>
#include <cstring>
#include <functional>
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
/// Each waiting call has a `_for` and a `try_` form, and each throwing one a twin that reports to a
/// `std::error_code&`.
/// @errors closed: the normal end of a stream. stop_requested: this process was asked to stop,
/// before anything was taken.
///   too_large: the message exceeds payload_bytes. too_many_participants: raise `participants`.
///   corrupt: make a new queue. not_initialised: in a forked copy of a process. timed_out: only
///   from `_for` forms with an error_code.
/// @threads any, all calls; the threads of one process share its place in the queue.
/// @crash what `send` returned for survives its sender; what was received is its receiver's; what
/// was taken comes back.
template <class T>
class queue : public detail::async_queue_calls<queue<T>, T>, public detail::in_place_calls<T> {
 public:
  using value_type = T;

  /// A handle to nothing, to be assigned to. Every call on it throws.
  queue() = default;
  /// Makes a queue. @errors bulkhead::error: a bad option, or no memory; not_initialised.
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
    return sent_or_not(put(value, detail::patience::none()), ec);
  }
  /// @returns false when it stayed full for that time.
  template <class Rep, class Period>
  bool send_for(const T& value, std::chrono::duration<Rep, Period> time) const {
    return sent_or_not(put(value, detail::patience::lasting(time)));
  }
  template <class Rep, class Period>
  bool send_for(const T& value, std::chrono::duration<Rep, Period> time,
                std::error_code& ec) const {
    return sent_or_not(put(value, detail::patience::lasting(time)), ec);
  }
  /// Sends the values of a range one after the other. @returns how many were sent; with an
  /// error_code it may be fewer than there are.
  template <class Range>
  std::size_t send_batch(const Range& values) const {
    std::size_t count = 0;
    for (const T& value : values) {
      send(value);
      ++count;
    }
    return count;
  }
  template <class Range>
  std::size_t send_batch(const Range& values, std::error_code& ec) const {
    std::size_t count = 0;
    ec.clear();
    for (const T& value : values) {
      send(value, ec);
      if (ec) break;
      ++count;
    }
    return count;
  }

  /// @returns how many messages this sender has sent, over all its incarnations: where a
  /// deterministic source goes on.
  [[nodiscard]] std::uint64_t sent() const { return core_.sent(); }

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

  /// Takes what waits, up to `max` messages, and waits for the first one only.
  std::vector<delivery<T>> take_batch(std::size_t max) const {
    detail::status result;
    std::vector<delivery<T>> all = lease_several(max, result);
    core_.check(result, "taking from");
    return all;
  }
  std::vector<delivery<T>> take_batch(std::size_t max, std::error_code& ec) const {
    detail::status result;
    std::vector<delivery<T>> all = lease_several(max, result);
    ec = result.code();
    return all;
  }

  /// `for (T& v : q)`: receives until the queue is closed and drained or this process is asked to
  /// stop. One pass, one thread.
  [[nodiscard]] auto begin() const {
    return detail::stream_iterator([q = *this] { return q.next_value(); });
  }
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }
  /// `for (auto& d : q.deliveries())`: takes likewise.
  [[nodiscard]] auto deliveries() const {
    return detail::stream([q = *this] {
      delivery<T> d = q.next();
      return d ? std::optional<delivery<T>>(std::move(d)) : std::nullopt;
    });
  }

  /// Runs `handler` on every message and acknowledges it when the handler returns, until the queue
  /// is closed and drained or this process is asked to stop. A handler that throws: the message is
  /// released and the exception goes on to the caller. One that outlasts its lease: the message is
  /// delivered again, and the next one comes.
  template <class Handler>
  void consume(Handler&& handler) const {
    while (delivery<T> d = next()) {
      std::invoke(handler, std::as_const(*d));
      std::error_code lost;
      d.ack(lost);
    }
  }
  /// A stage of a pipeline: runs `fn` on every message and hands its result (a value, an optional
  /// or a range) to `out` in one step with the acknowledgement, so that after any crash both have
  /// happened or neither. Ends as `consume` does.
  template <class U, class Fn>
  void transform(const queue<U>& out, Fn&& fn) const {
    while (delivery<T> d = next()) {
      std::error_code ec;
      d.forward(out, std::invoke(fn, std::as_const(*d)), ec);
      if (ec && ec != errc::lease_lost) core_.fail(detail::status::of(ec), "forwarding from");
    }
  }

  template <class U, class Fn>
  void transform(const queue_sender<U>& out, Fn&& fn) const {
    while (delivery<T> d = next()) {
      const auto result = std::invoke(fn, std::as_const(*d));
      d.forward(detail::target(out.core(), detail::results_of<U>(result)));
    }
  }

  /// @returns a handle that only sends; see queue_options::close_after_senders.
  [[nodiscard]] queue_sender<T> sender() const { return queue_sender<T>(*this); }

  /// Ends the stream for all: senders fail from now on, receivers get what is left. Repeatable.
  void close() const { core_.close(); }
  /// Waits until every message is settled: acknowledged, rejected, dropped or a dead letter.
  void join() const { core_.check(core_.join(detail::patience::forever()), "joining"); }
  /// @returns false when some were not settled in that time.
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) const {
    return done_or_not(core_.join(detail::patience::lasting(time)), "joining");
  }
  [[nodiscard]] bool closed() const { return core_.closed(); }
  /// The messages that processes have taken and not settled, as they are now.
  [[nodiscard]] std::vector<in_flight_message> in_flight() const { return core_.in_flight(); }
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

  /// Sends up to `max` dead letters' values again, each as one step with the letter's settling, as
  /// far as there is room. @returns how many.
  std::size_t redrive(std::size_t max) const {
    const auto letters = dead_letters();
    std::size_t count = 0;
    while (count < max) {
      delivery<dead_letter<T>> letter = letters.try_take();
      if (!letter || !letter.try_forward(*this, letter->value)) break;
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
  using calls::core_;
  using calls::done_or_not;
  using calls::get;
  using calls::get_by_port;
  using calls::get_slowly;
  using calls::inline_bytes;
  using calls::is_copied_from_slot;
  using calls::is_nothing;
  using calls::lease;
  using calls::lease_several;
  using calls::put;
  using calls::sent_or_not;

  T receive_slowly() const {
    detail::status result;
    std::optional<T> value = get_slowly(detail::patience::forever(), result);
    core_.check(result, "receiving from");
    return std::move(*value);
  }
  // The next value of a stream, or nothing at its end.
  std::optional<T> next_value() const {
    detail::status result;
    std::optional<T> value = get(detail::patience::forever(), result);
    check_in_stream(result);
    return value;
  }
  void check_in_stream(detail::status result) const {
    if (result != errc::closed && result != errc::stop_requested) {
      core_.check(result, "taking from");
    }
  }
  // The next message of a stream, or an empty delivery at its end.
  delivery<T> next() const {
    detail::status result;
    delivery<T> d = lease(detail::patience::forever(), result);
    check_in_stream(result);
    return d;
  }
  std::optional<T> received_or_not(detail::patience how_long) const {
    detail::status result;
    std::optional<T> value = get(how_long, result);
    if (!is_nothing(result)) core_.check(result, "receiving from");
    return value;
  }
  std::optional<T> received_or_not(detail::patience how_long, std::error_code& ec) const {
    detail::status result;
    std::optional<T> value = get(how_long, result);
    ec = is_nothing(result) ? std::error_code() : result.code();
    return value;
  }
  delivery<T> taken_or_not(detail::patience how_long) const {
    detail::status result;
    delivery<T> d = lease(how_long, result);
    if (!is_nothing(result)) core_.check(result, "taking from");
    return d;
  }
  delivery<T> taken_or_not(detail::patience how_long, std::error_code& ec) const {
    detail::status result;
    delivery<T> d = lease(how_long, result);
    ec = is_nothing(result) ? std::error_code() : result.code();
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
