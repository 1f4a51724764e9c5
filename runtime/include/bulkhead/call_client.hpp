#pragma once

#include <bulkhead/call_continuation.hpp>
#include <bulkhead/detail/async_lane_calls.hpp>
#include <bulkhead/detail/call_client_core.hpp>
#include <bulkhead/pipe_options.hpp>
#include <bulkhead/request_options.hpp>
#include <bulkhead/runtime.hpp>
#include <optional>
#include <utility>

namespace bulkhead {

/// The asking end of a lane to a server that is running, in another process mostly (`make_calls`,
/// call_lane.hpp): sends requests and brings back for each its reply, what the server's handler
/// threw, or why neither will come. Any number of threads ask at once; replies come in any order.
///
/// Move-only. Moved into an argument of `spawn` or `supervisor::start` it is the child's from then
/// on; it does not travel in messages. Destroyed it is closed: the server hears so, and what is
/// under way ends with closed.
///
/// Each throwing call has a twin that reports to a `std::error_code&`. What the server's handler
/// threw is thrown by both, as its standard type and as a `remote_origin`.
/// @errors peer_crashed: the server's process ended abnormally, `bulkhead::error::status` says how;
///   the request may have run in part.
///   peer_restarted: so it did, and its supervisor starts it again; the request had been taken, so
///   ask again if it may run twice. One that had not been taken is not told: the next incarnation
///   answers it.
///   closed: the server closed its end or exited with 0; or this end is closed.
///   timed_out: the deadline passed; the request may run yet. stop_requested, corrupt,
///   not_initialised, owner_gone: as for pipe_end.
/// @threads any, but moving and destroying it, and while no call on it runs.
/// @crash each request is told its end exactly once, at whatever instruction the server dies; what
/// the server had answered before is answered.
template <class Request, class Reply>
class call_client : public detail::async_client_calls<call_client<Request, Reply>, Request> {
 public:
  using request_type = Request;
  using reply_type = Reply;

  /// An end of nothing, to be assigned to. Every call on it throws.
  call_client() = default;
  call_client(call_client&&) noexcept = default;
  call_client& operator=(call_client&& other) noexcept {
    core_.abandon();
    core_ = std::move(other.core_);
    return *this;
  }
  ~call_client() { core_.abandon(); }

  /// Asks and waits for the reply, and for room first where there is none.
  Reply call(const Request& request, const request_options& options = {}) const {
    detail::waiting_reply<Reply> waiter;
    check(run(request, options, detail::patience::forever(), waiter), waiter);
    return std::move(waiter.value);
  }
  /// @returns a Reply{} with an error_code set.
  Reply call(const Request& request, std::error_code& ec) const {
    return call(request, request_options{}, ec);
  }
  Reply call(const Request& request, const request_options& options, std::error_code& ec) const {
    detail::waiting_reply<Reply> waiter;
    ec = run(request, options, detail::patience::forever(), waiter);
    return ec ? Reply{} : std::move(waiter.value);
  }
  /// @returns nothing when no reply came in that time. The request may run yet; its reply is
  /// ignored.
  template <class Rep, class Period>
  std::optional<Reply> call_for(const Request& request,
                                std::chrono::duration<Rep, Period> time) const {
    detail::waiting_reply<Reply> waiter;
    const auto ec = run(request, {}, detail::patience::lasting(time), waiter);
    if (ec == errc::timed_out) return std::nullopt;
    check(ec, waiter);
    return std::move(waiter.value);
  }
  template <class Rep, class Period>
  std::optional<Reply> call_for(const Request& request, std::chrono::duration<Rep, Period> time,
                                std::error_code& ec) const {
    detail::waiting_reply<Reply> waiter;
    ec = run(request, {}, detail::patience::lasting(time), waiter);
    if (!ec) return std::move(waiter.value);
    if (ec == errc::timed_out) ec.clear();
    return std::nullopt;
  }

  /// Asks, and has `handler` told of the end, once: on whichever thread takes the reply in, one in
  /// `call` or `pump` of this client, or, while asynchronous calls are under way, the runtime's.
  /// Nothing is allocated (but for idempotent requests), and no thread is woken: the request is
  /// encoded where the server reads it.
  /// @limits the handler may begin others by `try_begin`; it does not wait and takes nothing in.
  /// @errors thrown, and the handler is not told: the request was not sent.
  call_ticket begin(const Request& request, reply_handler<Reply>& handler,
                    const request_options& options = {}) const {
    call_ticket ticket;
    const auto ec = core_.begin(request, handler, detail::request_terms::of(options),
                                detail::patience::forever(), ticket);
    if (ec) core_.fail(ec, {});
    return ticket;
  }
  /// The same where there is room at once. @returns nothing: there is none.
  std::optional<call_ticket> try_begin(const Request& request, reply_handler<Reply>& handler,
                                       const request_options& options, std::error_code& ec) const {
    call_ticket ticket;
    ec = core_.begin(request, handler, detail::request_terms::of(options), detail::patience::none(),
                     ticket);
    if (!ec) return ticket;
    if (ec == errc::full) ec.clear();
    return std::nullopt;
  }
  std::optional<call_ticket> try_begin(const Request& request, reply_handler<Reply>& handler,
                                       const request_options& options = {}) const {
    std::error_code ec;
    auto ticket = try_begin(request, handler, options, ec);
    if (ec) core_.fail(ec, {});
    return ticket;
  }
  /// @returns true: it was under way, its handler will not be told, and its reply is ignored.
  bool cancel(const call_ticket& ticket) const { return core_.cancel(ticket); }
  /// Tells the handlers of all replies that are there. The `_for` form waits for one first; it
  /// returns false when none came in that time.
  void pump() const {
    const auto ec = core_.pump(detail::patience::none());
    if (ec && ec != errc::full) core_.fail(ec, {});
  }
  template <class Rep, class Period>
  bool pump_for(std::chrono::duration<Rep, Period> time) const {
    const auto ec = core_.pump(detail::patience::lasting(time));
    if (ec == errc::timed_out || ec == errc::full) return false;
    if (ec) core_.fail(ec, {});
    return true;
  }
  /// Requests that have no end yet.
  [[nodiscard]] std::size_t pending() const { return core_.pending(); }

  /// Ends the conversation: the server answers what it has, for nobody, and then gets `closed`.
  void close() const { core_.close(); }
  [[nodiscard]] bool closed() const { return core_.end().closed(); }
  /// What is known of the server's process. Asks the keeper.
  [[nodiscard]] pipe_peer peer() const { return core_.end().peer(); }
  [[nodiscard]] const std::string& name() const { return core_.end().name(); }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(core_); }

  explicit call_client(detail::pipe_core end) : core_(std::move(end)) {
    static_assert(detail::require_message<Request>());
    static_assert(detail::require_message<Reply>());
  }
  [[nodiscard]] const detail::call_client_core& core() const noexcept { return core_; }

 private:
  std::error_code run(const Request& request, const request_options& options,
                      detail::patience how_long, detail::waiting_reply<Reply>& waiter) const {
    detail::request_terms terms = detail::request_terms::of(options);
    if (options.deadline || how_long.how == detail::patience::kind::some) {
      how_long = detail::sooner(terms, how_long);
    }
    call_ticket ticket;
    if (auto ec = core_.begin(request, waiter, terms, how_long, ticket)) return ec;
    if (auto ec = core_.wait(waiter, ticket, how_long)) return ec;
    waiter.rethrow();
    return waiter.code;
  }
  void check(const std::error_code& ec, const detail::call_waiter& waiter) const {
    if (ec) [[unlikely]]
      core_.fail(ec, waiter.status);
  }

  detail::call_client_core core_;
};

/// The asking end travels as an argument of a spawned function.
template <class Request, class Reply>
struct detail::endpoint_codec<call_client<Request, Reply>> {
  static void write(encoder& to, const call_client<Request, Reply>& end) {
    to.put_endpoint(end ? end.core().end().id() : no_endpoint);
  }
  static call_client<Request, Reply> read(decoder& from) {
    auto end = read_call_end(from, request_traffic<Request>(), reply_traffic<Reply>());
    return end ? call_client<Request, Reply>(std::move(end)) : call_client<Request, Reply>();
  }
  using parts = type_list<Request, Reply>;
  static constexpr std::uint64_t fingerprint() { return hash_of("call client"); }
};

}  // namespace bulkhead
