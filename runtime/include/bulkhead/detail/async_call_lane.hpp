#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <bulkhead/call_lane.hpp>
#include <bulkhead/detail/async_initiate.hpp>
#include <bulkhead/detail/async_pipe.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

// The steps of a call lane's asynchronous calls.
namespace bulkhead::detail {

/// An asynchronous call under way: told of its end it brings that to its handler's executor, and is
/// gone.
template <class Reply, class Handler>
class async_reply final : public call_continuation {
 public:
  using executor_type = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;

  async_reply(Handler&& handler, async_home home)
      : handler_(std::move(handler)),
        home_(std::move(home)),
        executor_(boost::asio::get_associated_executor(handler_, home_.executor)) {
    if constexpr (!is_anywhere<executor_type>) {
      busy_.emplace(
          boost::asio::prefer(executor_, boost::asio::execution::outstanding_work.tracked));
    }
  }

  bool replied(std::span<const std::byte> bytes, message_endpoints& names) override {
    Reply reply{};
    if (!decode_reply(bytes, reply, names)) return false;
    finish(nullptr, std::move(reply));
    return true;
  }
  void failed(const call_failure& why) noexcept override {
    const bool aborted = why.code == std::error_code(ECANCELED, std::system_category());
    finish(aborted ? std::make_exception_ptr(boost::system::system_error(async_aborted()))
                   : why.exception(),
           Reply{});
  }
  [[nodiscard]] auto slot() const noexcept {
    return boost::asio::get_associated_cancellation_slot(handler_);
  }

 private:
  struct completion {
    Handler handler;
    std::exception_ptr failed;
    Reply reply;

    void operator()() {
      if (auto s = boost::asio::get_associated_cancellation_slot(handler); s.is_connected()) {
        s.clear();
      }
      if constexpr (is_anywhere<executor_type>) {
        const auto ex = boost::asio::get_associated_executor(handler);
        boost::asio::dispatch(ex, [done = std::move(*this)]() mutable { done.give(); });
      } else {
        give();
      }
    }
    void give() { std::move(handler)(std::move(failed), std::move(reply)); }
  };

  void finish(std::exception_ptr why, Reply reply) {
    const std::unique_ptr<async_reply> all(this);
    const async_route<executor_type> way(executor_, home_.executor);
    way.post(completion{std::move(handler_), std::move(why), std::move(reply)});
  }

  using busy_type =
      decltype(boost::asio::prefer(std::declval<const boost::asio::any_io_executor&>(),
                                   boost::asio::execution::outstanding_work.tracked));

  Handler handler_;
  async_home home_;  // keeps the runtime, whose executor it may be
  executor_type executor_;
  std::optional<boost::asio::any_io_executor> busy_;
};

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
    return boost::asio::async_initiate<Token, void(std::exception_ptr, Reply)>(
        call_initiation{}, token, client.core(), std::move(request), options,
        std::type_identity<Reply>());
  }
};

template <class Request, class Reply>
class request_step : public pipe_step {
 public:
  using result = incoming<Request, Reply>;

  explicit request_step(const pipe_core& end) : pipe_step(end, false) {}

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
