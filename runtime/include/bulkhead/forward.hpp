#pragma once

#include <bulkhead/delivery.hpp>
#include <bulkhead/detail/forwarding.hpp>
#include <chrono>
#include <concepts>
#include <iterator>
#include <ranges>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

namespace bulkhead {

namespace detail {

template <class D>
inline constexpr bool is_delivery = false;
template <class T>
inline constexpr bool is_delivery<delivery<T>> = true;

/// A vector, an array or a span of deliveries, or whatever else has them in a row.
template <class Inputs>
concept deliveries = requires(Inputs& inputs) {
  std::size(inputs);
  requires is_delivery<std::remove_pointer_t<decltype(std::data(inputs))>>;
};

template <deliveries Inputs>
auto forwarding_of(Inputs& inputs) noexcept {
  return forwarding(std::span(std::data(inputs), std::size(inputs)));
}

}  // namespace detail

/// Settles several messages and sends what comes of them, as one step: after a crash at any
/// instruction all has happened or nothing. Waits for room in every output first, holding only the
/// leases: `bulkhead::forward(deliveries, to(q1, value), to(q2, range))`.
///
/// Its forms are those of `delivery::forward`: `try_forward(deliveries, to...)`,
/// `forward_for(time, deliveries, to...)`, `async_forward(deliveries, to..., token)`; each but the
/// last with a twin that has an error_code in front.
/// @limits 1 to 16 deliveries, in a vector, an array or a span; up to 8 different queues.
/// @errors closed, stop_requested, too_large (an output never has room for so many), full (it would
/// wait for itself): nothing was sent and all leases are kept.
///   lease_lost: nothing was sent; the deliveries whose leases are over are empty then, the others
///   are kept. already_settled, unsupported: a bug in the caller.
template <detail::deliveries Inputs, class... Targets>
requires detail::targets<Targets...>
void forward(Inputs&& inputs, const Targets&... targets) {
  detail::forwarding_of(inputs).wait(targets...);
}
template <detail::deliveries Inputs, class... Targets>
requires detail::targets<Targets...>
void forward(std::error_code& ec, Inputs&& inputs, const Targets&... targets) {
  detail::forwarding_of(inputs).wait(ec, targets...);
}
/// @returns false, and keeps the leases, when there is no room now.
template <detail::deliveries Inputs, class... Targets>
requires detail::targets<Targets...>
bool try_forward(Inputs&& inputs, const Targets&... targets) {
  return detail::forwarding_of(inputs).within(detail::patience::none(), targets...);
}
template <detail::deliveries Inputs, class... Targets>
requires detail::targets<Targets...>
bool try_forward(std::error_code& ec, Inputs&& inputs, const Targets&... targets) {
  return detail::forwarding_of(inputs).within(detail::patience::none(), ec, targets...);
}
/// @returns false, and keeps the leases, when there was no room in that time.
template <class Rep, class Period, detail::deliveries Inputs, class... Targets>
requires detail::targets<Targets...>
bool forward_for(std::chrono::duration<Rep, Period> time, Inputs&& inputs,
                 const Targets&... targets) {
  return detail::forwarding_of(inputs).within(detail::patience::lasting(time), targets...);
}
template <class Rep, class Period, detail::deliveries Inputs, class... Targets>
requires detail::targets<Targets...>
bool forward_for(std::error_code& ec, std::chrono::duration<Rep, Period> time, Inputs&& inputs,
                 const Targets&... targets) {
  return detail::forwarding_of(inputs).within(detail::patience::lasting(time), ec, targets...);
}
/// Waits as `forward` does: void(error_code). <bulkhead/async.hpp> says what holds for all such
/// calls.
/// @owns copies of what the `to` name. The deliveries stay where they are, and are left alone,
/// until the operation ends.
template <detail::deliveries Inputs, class First, class... MoreAndToken>
requires detail::is_target<First>
decltype(auto) async_forward(Inputs&& inputs, const First& first,
                             MoreAndToken&&... more_and_token) {
  static_assert(std::is_lvalue_reference_v<Inputs> || std::ranges::borrowed_range<Inputs>,
                "async_forward needs deliveries that stay until it ends: give them a name");
  using value = std::remove_pointer_t<decltype(std::data(inputs))>;
  return detail::async_of<value>::forward_to(std::span(std::data(inputs), std::size(inputs)), first,
                                             std::forward<MoreAndToken>(more_and_token)...);
}

}  // namespace bulkhead
