#pragma once

#include <array>
#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/detail/results.hpp>
#include <bulkhead/detail/value_slot.hpp>
#include <bulkhead/message.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace bulkhead {

template <class T>
class queue;
template <class T>
class lent_delivery;
namespace detail {
template <class T>
class queue_calls;
}

/// A message that this process holds a lease of, until it settles it or dies. Destroyed without a
/// word, it is released.
/// @threads one at a time; different deliveries at once. @owns its queue, which stays until it is
/// settled, though no handle names it.
/// @errors already_settled: a bug in the caller; the other calls throw it, the ones with an
/// error_code report it.
template <class T>
class delivery {
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
  /// @errors lease_lost, here and below: the queue's leases have an end, and this one's has passed;
  /// the message is delivered again, and nothing was done. It is over for this object.
  void ack() { check_settled(detail::held_message::acknowledge(settle(), message_)); }
  void ack(std::error_code& ec) {
    ec = detail::held_message::acknowledge(settle(), message_).code();
  }
  /// Gives it back: it is delivered again, to anyone, before younger ones of its sender. Where the
  /// lease has passed that has happened already.
  void release() { static_cast<void>(detail::held_message::release(settle(), message_)); }
  /// The same for `time` from now on, to a clock tick (1 to 10 ms): younger ones overtake it. The
  /// keeper gives it back, so it outlives this process; a closed queue's receivers wait for it.
  template <class Rep, class Period>
  void release(std::chrono::duration<Rep, Period> time) {
    static_cast<void>(detail::held_message::delay(
        settle(), message_, std::chrono::ceil<std::chrono::milliseconds>(time)));
  }
  /// Settles it for good by moving it to the dead letters, with `why` as their note: it is no use
  /// to deliver it again.
  void reject(std::string_view why = {}) {
    check_settled(detail::held_message::reject(settle(), message_, why));
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
  /// Settles several messages with one forward (bulkhead::forward is the way to call it).
  template <class... Targets>
  static detail::status send_all(std::span<delivery> inputs, detail::patience how_long,
                                 const Targets&... targets) {
    if (inputs.size() > detail::forward_inputs_max) return errc::unsupported;
    std::array<detail::forward_from, detail::forward_inputs_max> from{};
    for (std::size_t n = 0; n < inputs.size(); ++n) {
      if (!inputs[n]) return errc::already_settled;
      from[n] = {inputs[n].port_->state, &inputs[n].message_};
    }
    const std::array<detail::forward_to, sizeof...(Targets)> to{targets.get()...};
    const detail::status sent =
        detail::queue_core::forward({from.data(), inputs.size()}, to, how_long);
    if (!sent.failed()) {
      for (delivery& d : inputs) detail::held_message::forget(d.settle());
    }
    return sent;
  }
  /// Settles the message and sends its result, a value or a range of values, to `out`, in one step:
  /// after a crash at any instruction both have happened or neither. Waits for room first, holding
  /// only the lease.
  /// @errors closed, stop_requested, too_large: nothing was sent and the lease is kept.
  // In line, as send and ack are: a call took 6 % of a forward.
  template <class U, class Result>
  [[gnu::always_inline]] void forward(const queue<U>& out, const Result& result) {
    check(send_on(out, result, detail::patience::forever()));
  }
  template <class U, class Result>
  void forward(const queue<U>& out, const Result& result, std::error_code& ec) {
    ec = send_on(out, result, detail::patience::forever()).code();
  }
  /// The same with several outputs: `d.forward(to(q1, value), to(q2, range))`, one step.
  template <class... Targets>
  requires(detail::is_target<Targets>&&...) void forward(const Targets&... targets) {
    check(send_all(std::span(this, 1), detail::patience::forever(), targets...));
  }
  /// @returns false, and keeps the lease, when there is no room now.
  template <class U, class Result>
  bool try_forward(const queue<U>& out, const Result& result) {
    return forward_within(out, result, detail::patience::none());
  }
  template <class U, class Result, class Rep, class Period>
  bool forward_for(const queue<U>& out, const Result& result,
                   std::chrono::duration<Rep, Period> time) {
    return forward_within(out, result, detail::patience::lasting(time));
  }

  /// Throws what a forward ended with, unless it is no error.
  void check(detail::status sent) const {
    if (sent.failed()) [[unlikely]]
      fail(sent, "forwarding from");
  }

 private:
  friend class detail::queue_calls<T>;
  template <class U>
  friend class lent_delivery;

  void hold(detail::queue_in_port& port) noexcept { port_ = &port; }
  delivery(detail::queue_in_port& port, const detail::taken& message) noexcept
      : port_(&port), message_(message) {}
  delivery(detail::queue_in_port& port, const detail::taken& message,
           const std::byte* bytes) noexcept
      : port_(&port), message_(message), value_(bytes) {}
  template <class Rep, class Period>
  detail::status try_extend(std::chrono::duration<Rep, Period> time) {
    if (port_ == nullptr) return errc::already_settled;
    return detail::held_message::extend(*port_, message_,
                                        std::chrono::ceil<std::chrono::milliseconds>(time));
  }
  template <class U, class Result>
  bool forward_within(const queue<U>& out, const Result& result, detail::patience how_long) {
    const detail::status sent = send_on(out, result, how_long);
    if (sent == errc::full || sent == errc::timed_out) return false;
    check(sent);
    return true;
  }
  template <class U, class Result>
  [[gnu::always_inline]] detail::status send_on(const queue<U>& out, const Result& result,
                                                detail::patience how_long) {
    if constexpr (std::same_as<U, Result> && detail::is_fixed_size<U> &&
                  !detail::holds_endpoints<U>()) {
      if (port_ != nullptr && detail::forward_by_ports(*port_, message_, out.core(), result))
          [[likely]] {
        port_ = nullptr;
        return {};
      }
    }
    return send_on_slowly(out, result, how_long);
  }
  template <class U, class Result>
  [[gnu::noinline]] detail::status send_on_slowly(const queue<U>& out, const Result& result,
                                                  detail::patience how_long) {
    return send_all(std::span(this, 1), how_long,
                    detail::target(out.core(), detail::results_of<U>(result)));
  }
  detail::queue_in_port& settle() {
    if (port_ == nullptr) [[unlikely]]
      fail_settled();
    return *std::exchange(port_, nullptr);
  }
  [[noreturn, gnu::cold]] void fail_settled() const { fail_after(errc::already_settled); }
  // The queue may be gone by now.
  [[noreturn, gnu::cold]] void fail_after(detail::status why) const {
    detail::queue_in_port none;
    none.queue = message_.queue;
    detail::held_message::fail(none, why, "settling a message of");
  }
  void check_settled(detail::status s) const {
    if (s.failed()) [[unlikely]]
      fail_after(s);
  }
  [[noreturn, gnu::cold]] void fail(detail::status why, const char* doing) const {
    if (port_ == nullptr) fail_settled();
    detail::held_message::fail(*port_, why, doing);
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
