#pragma once

#include <array>
#include <bulkhead/delivery.hpp>
#include <bulkhead/detail/results.hpp>
#include <span>
#include <vector>

namespace bulkhead {

template <class T>
class queue_sender;

namespace detail {

template <class T>
void check_forward(std::span<delivery<T>> inputs, status sent) {
  if (!sent.failed()) return;
  if (inputs.empty()) queue_core().fail(sent, "forwarding from");
  inputs.front().check(sent);
}

}  // namespace detail

/// Names an output of a forward and what goes there: a value, an optional or a range.
/// @owns nothing: both outlive the call that it is made for.
template <class U, class Result>
[[nodiscard]] auto to(const queue<U>& out, const Result& result) {
  return detail::target(out.core(), detail::results_of<U>(result));
}

template <class U, class Result>
[[nodiscard]] auto to(const queue_sender<U>& out, const Result& result) {
  return detail::target(out.core(), detail::results_of<U>(result));
}

/// Settles several messages and sends what comes of them, as one step: after a crash at any
/// instruction all has happened or nothing. Waits for room in every output first, holding only the
/// leases.
/// @limits 1 to 16 deliveries, up to 8 different queues.
/// @errors closed, stop_requested, too_large (an output never has room for so many), full (it would
/// wait for itself): nothing was sent and all leases are kept. already_settled, unsupported: a bug
/// in the caller.
template <class T, class... Targets>
requires(detail::is_target<Targets>&&...) void forward(std::span<delivery<T>> inputs,
                                                       const Targets&... targets) {
  const detail::status sent =
      delivery<T>::send_all(inputs, detail::patience::forever(), targets...);
  detail::check_forward(inputs, sent);
}
template <class T, class... Targets>
requires(detail::is_target<Targets>&&...) void forward(std::vector<delivery<T>>& inputs,
                                                       const Targets&... targets) {
  forward(std::span(inputs), targets...);
}
/// @returns false, and keeps the leases, when there is no room now.
template <class T, class... Targets>
requires(detail::is_target<Targets>&&...) bool try_forward(std::span<delivery<T>> inputs,
                                                           const Targets&... targets) {
  const detail::status sent = delivery<T>::send_all(inputs, detail::patience::none(), targets...);
  if (sent == errc::full) return false;
  detail::check_forward(inputs, sent);
  return true;
}

}  // namespace bulkhead
