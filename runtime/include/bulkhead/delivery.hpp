#pragma once

#include <bulkhead/detail/forward_calls.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/detail/value_slot.hpp>
#include <bulkhead/message.hpp>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace bulkhead {

template <class T>
class lent_delivery;
namespace detail {
template <class T>
class queue_calls;
}

/// A message that this process holds a lease of, until it settles it or dies. Destroyed without a
/// word, it is released.
///
/// Its forwards, which settle it and send its results as one step, wait for room in the outputs
/// whatever these queues' overflow policies: a result is never dropped, nor refused because it is
/// full just now.
/// @threads one at a time; different deliveries at once. @owns its queue, which stays until it is
/// settled, though no handle names it.
/// @errors already_settled: a bug in the caller, who called it twice.
///   lease_lost: the queue's leases have an end, and this one's has passed; the message is
///   delivered again, and nothing was done. It is over for this object. not_initialised: this is a
///   forked copy of the process, and nothing was done.
template <class T>
class delivery : public detail::forward_calls<T> {
 public:
  /// No message.
  // Not defaulted: g++ 12 clears the whole object then, room for the value included.
  delivery() noexcept {}
  delivery(delivery&& other) noexcept
      : port_(std::exchange(other.port_, nullptr)),
        message_(other.message_),
        value_(std::move(other.value_)) {}
  delivery& operator=(delivery&& other) noexcept {
    if (this != &other) {
      let_go();
      port_ = std::exchange(other.port_, nullptr);
      message_ = other.message_;
      value_ = std::move(other.value_);
    }
    return *this;
  }
  ~delivery() { let_go(); }

  /// True while there is a message that is not settled.
  [[nodiscard]] explicit operator bool() const noexcept { return port_ != nullptr; }
  [[nodiscard]] const T& operator*() const noexcept { return *value_; }
  [[nodiscard]] const T* operator->() const noexcept { return std::addressof(*value_); }
  /// The decoded copy; it stays when the message is settled.
  [[nodiscard]] T& value() noexcept { return *value_; }

  /// Which delivery of this message it is, from 1: above 1, an earlier taker released it or died.
  /// Counts up to 63.
  [[nodiscard]] std::uint32_t attempt() const { return detail::held_message::attempt(message_); }
  /// Names the message; the same at every delivery.
  [[nodiscard]] message_id id() const { return detail::held_message::id(message_); }

  /// Settles the message for good.
  void ack() { check_settled(detail::held_message::acknowledge(settle(), message_)); }
  void ack(std::error_code& ec) {
    if (is_there(ec)) ec = detail::held_message::acknowledge(settle(), message_).code();
  }
  /// Gives it back: it is delivered again, to anyone, before younger ones of its sender. Where the
  /// lease has passed that has happened already, and it is no error.
  void release() { check_released(detail::held_message::release(settle(), message_)); }
  void release(std::error_code& ec) {
    if (is_there(ec)) ec = unless_lost(detail::held_message::release(settle(), message_));
  }
  /// The same for `time` from now on, to a clock tick (1 to 10 ms): younger ones overtake it. The
  /// keeper gives it back, so it outlives this process; a closed queue's receivers wait for it.
  template <class Rep, class Period>
  void release(std::chrono::duration<Rep, Period> time) {
    check_released(detail::held_message::delay(settle(), message_, in_ms(time)));
  }
  template <class Rep, class Period>
  void release(std::chrono::duration<Rep, Period> time, std::error_code& ec) {
    if (is_there(ec))
      ec = unless_lost(detail::held_message::delay(settle(), message_, in_ms(time)));
  }
  /// Settles it for good by moving it to the dead letters, with `why` as their note: it is no use
  /// to deliver it again.
  void reject(std::string_view why = {}) {
    check_settled(detail::held_message::reject(settle(), message_, why));
  }
  void reject(std::string_view why, std::error_code& ec) {
    if (is_there(ec)) ec = detail::held_message::reject(settle(), message_, why).code();
  }
  /// The lease lasts `time` from now on, if that is later than it would end. Without effect where
  /// leases have no end.
  template <class Rep, class Period>
  void extend(std::chrono::duration<Rep, Period> time) {
    if (const detail::status s = try_extend(time); s.failed()) fail(s, "extending a lease of");
  }
  template <class Rep, class Period>
  void extend(std::chrono::duration<Rep, Period> time, std::error_code& ec) {
    ec = try_extend(time).code();
  }

 private:
  friend class detail::queue_calls<T>;
  friend class detail::forward_calls<T>;
  friend class detail::forwarding<T>;
  template <class U>
  friend class lent_delivery;

  void hold(detail::queue_in_port& port) noexcept { port_ = &port; }
  delivery(detail::queue_in_port& port, const detail::taken& message) noexcept
      : port_(&port), message_(message) {}
  delivery(detail::queue_in_port& port, const detail::taken& message,
           const std::byte* bytes) noexcept
      : port_(&port), message_(message), value_(bytes) {}
  template <class Rep, class Period>
  static std::chrono::milliseconds in_ms(std::chrono::duration<Rep, Period> time) {
    using std::chrono::milliseconds;
    if (detail::is_for_ever(time)) return milliseconds::max();
    return time > time.zero() ? std::chrono::ceil<milliseconds>(time) : milliseconds::zero();
  }
  template <class Rep, class Period>
  detail::status try_extend(std::chrono::duration<Rep, Period> time) {
    if (port_ == nullptr) return errc::already_settled;
    const detail::status s = detail::held_message::extend(*port_, message_, in_ms(time));
    if (s == errc::lease_lost) detail::held_message::forget(settle());
    return s;
  }
  bool is_there(std::error_code& ec) const {
    if (port_ != nullptr) [[likely]]
      return true;
    ec = errc::already_settled;
    return false;
  }
  detail::queue_in_port& settle() {
    if (port_ == nullptr) [[unlikely]]
      fail_settled();
    return *std::exchange(port_, nullptr);
  }
  [[noreturn, gnu::cold]] void fail_settled() const {
    fail(errc::already_settled, "settling a message of");
  }
  void check_settled(detail::status s) const {
    if (s.failed()) [[unlikely]]
      fail(s, "settling a message of");
  }
  // A lease that is over has given the message back already.
  static std::error_code unless_lost(detail::status s) noexcept {
    return s == errc::lease_lost ? std::error_code() : s.code();
  }
  void check_released(detail::status s) const {
    if (s != errc::lease_lost) check_settled(s);
  }
  [[noreturn, gnu::cold]] void fail(detail::status why, const char* doing) const {
    detail::queue_in_port from;
    from.queue = message_.queue;
    // The queue may be gone where this object has nothing any more.
    if (port_ != nullptr) from.state = port_->state;
    detail::held_message::fail(from, why, doing);
  }
  void let_go() noexcept {
    if constexpr (detail::holds_endpoints<T>()) {
      // What it brought goes back before the next taker may look for it.
      if (port_ != nullptr) value_.reset();
    }
    if (port_ != nullptr) [[unlikely]]
      static_cast<void>(detail::held_message::release(*std::exchange(port_, nullptr), message_));
  }

  detail::queue_in_port* port_ = nullptr;
  detail::taken message_{};
  detail::value_slot<T> value_;
};

}  // namespace bulkhead
