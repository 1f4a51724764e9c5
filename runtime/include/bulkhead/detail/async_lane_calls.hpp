#pragma once

#include <bulkhead/detail/async_calls.hpp>
#include <bulkhead/request_options.hpp>
#include <utility>

// The asynchronous calls of a call lane's ends, as those in async_calls.hpp.
namespace bulkhead::detail {

/// The asynchronous calls of `call_client`.
/// @owns a call does not keep the client: when that goes it ends with closed.
template <class Client, class Request>
class async_client_calls {
 public:
  /// Asks: void(std::exception_ptr, Reply), with what `call` would throw. Cancelled through the
  /// token's slot (any kind) it ends with operation_aborted; the request may run yet.
  /// @errors full: as many are under way as may be, or the lane has no room: it does not wait for
  /// some. too_large: a request that does not fit in one piece, three eighths of ring_bytes.
  /// @threads any. The handler runs as those of <bulkhead/async.hpp>.
  template <class Token>
  decltype(auto) async_call(Request request, Token&& token) const {
    return async_call(std::move(request), request_options{}, std::forward<Token>(token));
  }
  template <class Token>
  decltype(auto) async_call(Request request, const request_options& options, Token&& token) const {
    return async_of<Client>::call(static_cast<const Client&>(*this), std::move(request), options,
                                  std::forward<Token>(token));
  }
};

/// The asynchronous call of `call_server`.
template <class Server>
class async_server_calls {
 public:
  /// Takes the next request, as `receive` does: void(error_code, incoming<Request, Reply>).
  template <class Token>
  decltype(auto) async_receive(Token&& token) const {
    return async_of<Server>::receive(static_cast<const Server&>(*this), std::forward<Token>(token));
  }
};

}  // namespace bulkhead::detail
