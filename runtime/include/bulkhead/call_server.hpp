#pragma once

#include <bulkhead/detail/async_lane_calls.hpp>
#include <bulkhead/detail/call_server_core.hpp>
#include <bulkhead/pipe_options.hpp>
#include <bulkhead/runtime.hpp>
#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace bulkhead {

/// The right to answer one request, once; later, out of order, from any thread. Destroyed without a
/// word the asker gets a std::system_error with std::future_errc::broken_promise.
/// @owns the server's end with it. @threads one at a time.
template <class Reply>
class responder {
 public:
  responder() = default;
  responder(const std::shared_ptr<detail::pipe_state>& end, const detail::call_origin& whose)
      : end_(end), whose_(whose) {}
  responder(responder&& other) noexcept
      : end_(std::exchange(other.end_, nullptr)), whose_(other.whose_) {}
  responder& operator=(responder&& other) noexcept {
    responder old(std::move(*this));
    end_ = std::exchange(other.end_, nullptr);
    whose_ = other.whose_;
    return *this;
  }
  ~responder() {
    if (end_ != nullptr) detail::break_promise(detail::pipe_core(std::move(end_)), whose_);
  }

  /// Sends the reply; waits while there is no room for it. To an asker that has ended, gave up or
  /// was started anew it is no error.
  /// @errors already_settled; too_large, and the request is unanswered still; stop_requested: it
  /// would have waited.
  void reply(const Reply& value) {
    std::error_code ec;
    reply(value, ec);
    if (ec) throw error(ec, "replying to a request");
  }
  void reply(const Reply& value, std::error_code& ec) {
    ec = settle([&](const detail::pipe_core& to) {
      return detail::send_reply(to, whose_, value, false, detail::patience::forever());
    });
  }
  /// Sends an exception in its place.
  void fail(std::exception_ptr why) {
    const std::error_code ec = settle([&](const detail::pipe_core& to) {
      try {
        std::rethrow_exception(std::move(why));
      } catch (...) {
        return detail::send_exception(to, whose_, detail::patience::forever());
      }
    });
    if (ec) throw error(ec, "replying to a request");
  }
  /// False once it has answered.
  [[nodiscard]] explicit operator bool() const noexcept { return end_ != nullptr; }

 private:
  template <class Send>
  std::error_code settle(Send send) {
    if (end_ == nullptr) return errc::already_settled;
    std::error_code ec = send(detail::pipe_core(end_));
    if (ec == errc::too_large) return ec;
    end_ = nullptr;
    if (ec == errc::closed || ec == errc::peer_crashed) ec.clear();
    return ec;
  }

  std::shared_ptr<detail::pipe_state> end_;
  detail::call_origin whose_;
};

/// A request with the right to answer it.
template <class Request, class Reply>
struct incoming {
  Request request{};
  responder<Reply> answer;
};

/// The answering end of a call lane (`make_calls`, call_lane.hpp). Like a pipe_end it is move-only,
/// goes into arguments of children, and is resumed by a supervised child's next incarnation, which
/// gets the requests that the last one had not taken.
/// @errors closed: the asking end is closed, or its process exited with 0; peer_crashed: it ended
/// otherwise; stop_requested; corrupt, not_initialised, owner_gone: as for pipe_end.
/// @threads any, but moving and destroying it.
template <class Request, class Reply>
class call_server : public detail::async_server_calls<call_server<Request, Reply>> {
 public:
  using request_type = Request;
  using reply_type = Reply;

  call_server() = default;
  call_server(call_server&&) noexcept = default;
  call_server& operator=(call_server&&) noexcept = default;

  /// Answers requests until the asking end is closed or this process is asked to stop:
  ///   handler(const Request&) -> Reply      what it throws is the answer, and the next one comes
  ///   handler(Request, responder<Reply>)    which answers when it will
  /// Several threads may serve at once.
  template <class Handler>
  void serve(Handler&& handler) const {
    for (;;) {
      Request request{};
      detail::call_origin whose;
      std::error_code ec =
          detail::receive_request(end_, detail::patience::forever(), request, whose);
      if (!ec) ec = handle(handler, std::move(request), whose);
      if (ec == errc::closed || ec == errc::stop_requested) return;
      end_.check(ec, "serving");
    }
  }

  /// Takes the next request: it is this process's from then on, and dies with it.
  incoming<Request, Reply> receive() const {
    std::error_code ec;
    auto next = receive(ec);
    end_.check(ec, "receiving from");
    return next;
  }
  incoming<Request, Reply> receive(std::error_code& ec) const {
    auto next = get(detail::patience::forever(), ec);
    return next ? std::move(*next) : incoming<Request, Reply>();
  }
  /// @returns nothing when no request is there (yet).
  std::optional<incoming<Request, Reply>> try_receive() const {
    std::error_code ec;
    auto next = try_receive(ec);
    end_.check(ec, "receiving from");
    return next;
  }
  std::optional<incoming<Request, Reply>> try_receive(std::error_code& ec) const {
    auto next = get(detail::patience::none(), ec);
    if (ec == errc::full) ec.clear();
    return next;
  }
  template <class Rep, class Period>
  std::optional<incoming<Request, Reply>> receive_for(
      std::chrono::duration<Rep, Period> time) const {
    std::error_code ec;
    auto next = receive_for(time, ec);
    end_.check(ec, "receiving from");
    return next;
  }
  template <class Rep, class Period>
  std::optional<incoming<Request, Reply>> receive_for(std::chrono::duration<Rep, Period> time,
                                                      std::error_code& ec) const {
    auto next = get(detail::patience::lasting(time), ec);
    if (ec == errc::timed_out || ec == errc::full) ec.clear();
    return next;
  }

  /// Ends the conversation: requests without a reply fail with closed.
  void close() const { end_.close(); }
  [[nodiscard]] bool closed() const { return end_.closed(); }
  [[nodiscard]] pipe_peer peer() const { return end_.peer(); }
  [[nodiscard]] const std::string& name() const { return end_.name(); }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(end_); }

  explicit call_server(detail::pipe_core end) noexcept : end_(std::move(end)) {
    static_assert(detail::require_message<Request>());
    static_assert(detail::require_message<Reply>());
  }
  [[nodiscard]] const detail::pipe_core& end() const noexcept { return end_; }

 private:
  std::optional<incoming<Request, Reply>> get(detail::patience how_long,
                                              std::error_code& ec) const {
    std::optional<incoming<Request, Reply>> next(std::in_place);
    detail::call_origin whose;
    ec = detail::receive_request(end_, how_long, next->request, whose);
    if (ec) return std::nullopt;
    next->answer = responder<Reply>(end_.state(), whose);
    return next;
  }

  template <class Handler>
  std::error_code handle(Handler& handler, Request request,
                         const detail::call_origin& whose) const {
    std::error_code ec;
    if constexpr (std::is_invocable_r_v<Reply, Handler&, const Request&>) {
      try {
        const Reply value = std::invoke(handler, std::as_const(request));
        ec = detail::send_reply(end_, whose, value, false, detail::patience::forever());
        if (ec == errc::too_large) throw error(ec, "the reply does not fit any message");
      } catch (...) {
        ec = detail::send_exception(end_, whose, detail::patience::forever());
      }
    } else {
      static_assert(std::is_invocable_v<Handler&, Request, responder<Reply>>,
                    "serve takes a handler(const Request&) that returns a Reply, or a "
                    "handler(Request, responder<Reply>)");
      std::invoke(handler, std::move(request), responder<Reply>(end_.state(), whose));
    }
    // The asker's next incarnation, if there is one, has requests of its own.
    return ec == errc::peer_restarted ? std::error_code() : ec;
  }

  detail::pipe_core end_;
};

/// The answering end travels as an argument of a spawned function.
template <class Request, class Reply>
struct detail::endpoint_codec<call_server<Request, Reply>> {
  static void write(encoder& to, const call_server<Request, Reply>& server) {
    to.put_endpoint(server ? server.end().id() : no_endpoint);
  }
  static call_server<Request, Reply> read(decoder& from) {
    return call_server<Request, Reply>(
        read_call_end(from, reply_traffic<Reply>(), request_traffic<Request>()));
  }
  using parts = type_list<Request, Reply>;
  static constexpr std::uint64_t fingerprint() { return hash_of("call server"); }
};

}  // namespace bulkhead
