#pragma once

#include <bulkhead/detail/async_calls.hpp>
#include <bulkhead/detail/forwarding.hpp>
#include <chrono>
#include <concepts>
#include <system_error>
#include <utility>

namespace bulkhead::detail {

/// The forwards of a `delivery<T>`: to one output, a queue or `queue_sender`, or to several that
/// `to(queue, results)` names. bulkhead::forward has the same forms for several deliveries.
template <class T>
class forward_calls {
 public:
  /// Settles the message and sends its result, a value, an optional or a range of values, to `out`,
  /// in one step: after a crash at any instruction both have happened or neither. Waits for room
  /// first, holding only the lease, whatever the output's overflow policy: no result is dropped.
  /// @errors closed, stop_requested, too_large (`out` never has room for so many), full (it would
  /// wait for itself): nothing was sent and the lease is kept.
  ///   lease_lost: nothing was sent, and it is over for this object.
  // In line, as send and ack are: a call took 6 % of a forward.
  template <class Out, class Result>
  requires is_output<Out>
  [[gnu::always_inline]] void forward(const Out& out, const Result& result) {
    if (!by_port(out, result)) [[unlikely]]
      forward_beyond(out, result);
  }
  template <class Out, class Result>
  requires is_output<Out>
  void forward(const Out& out, const Result& result, std::error_code& ec) {
    if (by_port(out, result)) [[likely]] {
      ec.clear();
    } else {
      itself().wait(ec, to(out, result));
    }
  }
  /// The same with several outputs: `d.forward(to(q1, value), to(q2, range))`, one step.
  template <class... Targets>
  requires targets<Targets...>
  void forward(const Targets&... targets) { itself().wait(targets...); }
  template <class... Targets>
  requires targets<Targets...>
  void forward(std::error_code& ec, const Targets&... targets) { itself().wait(ec, targets...); }

  /// @returns false, and keeps the lease, when there is no room now.
  template <class Out, class Result>
  requires is_output<Out>
  bool try_forward(const Out& out, const Result& result) {
    return by_port(out, result) || itself().within(patience::none(), to(out, result));
  }
  template <class Out, class Result>
  requires is_output<Out>
  bool try_forward(const Out& out, const Result& result, std::error_code& ec) {
    ec.clear();
    return by_port(out, result) || itself().within(patience::none(), ec, to(out, result));
  }
  template <class... Targets>
  requires targets<Targets...>
  bool try_forward(const Targets&... targets) {
    return itself().within(patience::none(), targets...);
  }
  template <class... Targets>
  requires targets<Targets...>
  bool try_forward(std::error_code& ec, const Targets&... targets) {
    return itself().within(patience::none(), ec, targets...);
  }

  /// @returns false, and keeps the lease, when there was no room in that time.
  template <class Out, class Result, class Rep, class Period>
  requires is_output<Out>
  bool forward_for(const Out& out, const Result& result, std::chrono::duration<Rep, Period> time) {
    return by_port(out, result) || itself().within(patience::lasting(time), to(out, result));
  }
  template <class Out, class Result, class Rep, class Period>
  requires is_output<Out>
  bool forward_for(const Out& out, const Result& result, std::chrono::duration<Rep, Period> time,
                   std::error_code& ec) {
    ec.clear();
    return by_port(out, result) || itself().within(patience::lasting(time), ec, to(out, result));
  }
  template <class Rep, class Period, class... Targets>
  requires targets<Targets...>
  bool forward_for(std::chrono::duration<Rep, Period> time, const Targets&... targets) {
    return itself().within(patience::lasting(time), targets...);
  }
  template <class Rep, class Period, class... Targets>
  requires targets<Targets...>
  bool forward_for(std::error_code& ec, std::chrono::duration<Rep, Period> time,
                   const Targets&... targets) {
    return itself().within(patience::lasting(time), ec, targets...);
  }

  /// Forwards as `forward` does: void(error_code). <bulkhead/async.hpp> says what holds for all
  /// such calls.
  /// @owns the result, and a handle to the output. The delivery stays where it is, and is left
  /// alone, until the operation ends; after an error other than lease_lost it has its lease still.
  template <class Out, class Result, class Token>
  requires is_output<Out>
  decltype(auto) async_forward(const Out& out, Result result, Token&& token) & {
    return async_of<delivery<T>>::forward(self(), out, std::move(result),
                                          std::forward<Token>(token));
  }
  /// The same with several outputs: `d.async_forward(to(q1, value), to(q2, range), token)`.
  /// @owns copies of what the `to` name.
  template <class First, class... MoreAndToken>
  requires is_target<First>
  decltype(auto) async_forward(const First& first, MoreAndToken&&... more_and_token) & {
    return async_of<delivery<T>>::forward_to(std::span(&self(), 1), first,
                                             std::forward<MoreAndToken>(more_and_token)...);
  }

 private:
  [[nodiscard]] delivery<T>& self() noexcept { return static_cast<delivery<T>&>(*this); }
  [[nodiscard]] forwarding<T> itself() noexcept { return forwarding<T>(std::span(&self(), 1)); }

  // Where it takes a few instructions. False: nothing was done.
  template <class Out, class Result>
  [[nodiscard]] [[gnu::always_inline]] bool by_port(const Out& out, const Result& result) {
    using U = typename Out::value_type;
    if constexpr (std::same_as<U, Result> && is_fixed_size<U> && !holds_endpoints<U>()) {
      delivery<T>& d = self();
      if (d.port_ != nullptr && forward_by_ports(*d.port_, d.message_, out.core(), result))
          [[likely]] {
        d.port_ = nullptr;
        return true;
      }
    }
    return false;
  }
  template <class Out, class Result>
  [[gnu::noinline]] void forward_beyond(const Out& out, const Result& result) {
    itself().wait(to(out, result));
  }
};

}  // namespace bulkhead::detail
