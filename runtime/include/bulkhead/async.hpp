#pragma once

#include <bulkhead/detail/async_forward.hpp>
#include <bulkhead/detail/async_pipe.hpp>
#include <bulkhead/detail/async_process.hpp>
#include <bulkhead/detail/async_queue.hpp>
#include <bulkhead/detail/async_supervisor.hpp>
#include <bulkhead/detail/async_wait_any.hpp>
#include <tuple>
#include <utility>

/// The asynchronous calls: async_send, async_receive, async_take, async_loan, async_take_in_place,
/// async_send_batch, async_take_batch and async_join of queues; async_forward of deliveries;
/// async_send, async_receive, async_send_batch, async_receive_batch and async_poll of pipe ends;
/// `process::async_wait`, `supervisor::async_next_event`,
/// `async_wait` and `async_shutdown`, `async_wait_any`.
/// docs/async.md says more.
///
/// Each takes any completion token of Asio, with the signature void(boost::system::error_code, T),
/// or void(boost::system::error_code) where there is no result. It does what the waiting call does
/// of which it has the name, and reports the same errors: compare with `errc`.
/// Completes exactly once, never inside the call. Where it can end at once it has: only the handler
/// is still to run. Operations of the same kind on one mailbox and execution context end in the
/// order in which they were begun.
/// @errors operation_aborted: cancelled through the token's slot (any kind of cancellation); then
/// nothing was sent and nothing taken, but for what a batch says it has sent.
///   closed, peer_crashed and the like: as the waiting calls. stop_requested: this process was
///   asked to stop, and the operation waits.
/// @threads any. The handler runs on the token's associated executor, else on the one that the
/// runtime was given, else on the runtime's own thread, which it must not block.
/// @owns a context that is destroyed drops the operations that wait in it, handlers unrun.
/// @crash as of the waiting calls.
namespace bulkhead {

/// Waits for the first of several things, as `wait_any` does: async_wait_any(timeout, things...,
/// token), void(error_code, size_t). The index is `npos` when none was ready in that time.
/// @owns pipe ends must stay where they are known until it ends; a descriptor must stay open until
/// it is waited for.
template <class Rep, class Period, class... ThingsAndToken>
decltype(auto) async_wait_any(std::chrono::duration<Rep, Period> timeout,
                              ThingsAndToken&&... things_and_token) {
  return detail::async_wait_any(
      timeout, std::forward_as_tuple(std::forward<ThingsAndToken>(things_and_token)...),
      std::make_index_sequence<sizeof...(ThingsAndToken) - 1>());
}

}  // namespace bulkhead
