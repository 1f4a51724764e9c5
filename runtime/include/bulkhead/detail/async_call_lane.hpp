#pragma once

#include <bulkhead/call_lane.hpp>
#include <bulkhead/detail/async_pipe.hpp>
#include <bulkhead/detail/async_reply.hpp>
#include <exception>
#include <memory>
#include <utility>

// The steps of a call lane's asynchronous calls.
namespace bulkhead::detail {

struct call_initiation {
  template <class Handler, class Request, class Reply>
  void operator()(Handler&& given, const call_client_core& client, const Request& request,
                  const request_options& options, std::type_identity<Reply> /*reply*/) const {
    using operation = async_reply<Reply, std::decay_t<Handler>>;
    auto made =
        std::make_unique<operation>(std::decay_t<Handler>(std::forward<Handler>(given)),
                                    home_of(client.state() ? client.end().state() : nullptr));
    // Before it is under way: from then on its handler may run, and begin another with the same
    // slot.
    auto slot = made->slot();
    const auto ticket = std::make_shared<call_ticket>();
    if (slot.is_connected()) {
      slot.assign(
          [weak = std::weak_ptr(client.state()), ticket](boost::asio::cancellation_type type) {
            const call_client_core here(weak.lock());
            if (type != boost::asio::cancellation_type::none) here.abort(*ticket);
          });
    }
    operation* const op = made.release();
    std::error_code ec;
    try {
      request_terms terms = request_terms::of(options);
      terms.async = true;
      ec = client.begin(request, *op, terms, patience::none(), *ticket);
    } catch (...) {
      ec = error_of_exception();
    }
    if (ec) op->failed({.code = ec, .status = {}});
  }
};

template <class Request, class Reply>
struct async_of<call_client<Request, Reply>> {
  template <class Token>
  static decltype(auto) call(const call_client<Request, Reply>& client, Request&& request,
                             const request_options& options, Token&& token) {
    return boost::asio::async_initiate<Token, typename async_call_signature<Reply>::type>(
        call_initiation{}, token, client.core(), std::move(request), options,
        std::type_identity<Reply>());
  }
};

template <class Request, class Reply>
class request_step : public pipe_step {
 public:
  using result = incoming<Request, Reply>;

  explicit request_step(const pipe_core& end) : pipe_step(end, async_line::receives) {}

  bool attempt(std::error_code& ec) {
    pipe_core from;
    if (ec = obstacle(from); ec) return true;
    if (ec = obstacle_to_wait(from); ec) return true;
    call_origin whose;
    ec = receive_request(from, patience::none(), next_.request, whose);
    if (ec == errc::full) {
      ec.clear();
      return false;
    }
    if (!ec) next_.answer = responder<Reply>(from.state(), whose);
    return true;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(next_));
  }

 private:
  incoming<Request, Reply> next_;
};

template <class Request, class Reply>
struct async_of<call_server<Request, Reply>> {
  template <class Token>
  static decltype(auto) receive(const call_server<Request, Reply>& server, Token&& token) {
    return async_run(request_step<Request, Reply>(server.end()), std::forward<Token>(token));
  }
};

}  // namespace bulkhead::detail
