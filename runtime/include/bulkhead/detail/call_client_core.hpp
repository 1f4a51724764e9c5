#pragma once

#include <atomic>
#include <bulkhead/call_continuation.hpp>
#include <bulkhead/detail/pipe_core.hpp>
#include <bulkhead/request_options.hpp>
#include <chrono>
#include <memory>
#include <optional>

namespace bulkhead::detail {

class call_client_state;  // runtime/src/call_client_state.hpp
class parcel;             // parcel.hpp
struct pending_call;

/// Before a request's bytes, and before a reply's (core/calls/call_frame.hpp).
inline constexpr std::size_t call_head_bytes = 24;

template <class Request>
constexpr pipe_traffic request_traffic() {
  return {mix(hash_of("call request"), fingerprint_of<Request>()), 0};
}
template <class Reply>
constexpr pipe_traffic reply_traffic() {
  return {mix(hash_of("call reply"), fingerprint_of<Reply>()), 0};
}

/// How a request is made, with its deadline as a moment.
struct request_terms {
  using time_point = std::chrono::steady_clock::time_point;

  bool idempotent = false;
  bool async = false;  ///< The runtime's thread takes its reply in.
  /// Fails when the server's process dies, also where that had not taken it yet.
  bool ends_with_server = false;
  time_point deadline = time_point::max();

  /// @errors std::invalid_argument: a deadline that is not above 0.
  static request_terms of(const request_options& options);
};

/// The sooner of the deadline and what is left of the patience, for both.
patience sooner(request_terms& terms, patience how_long);

/// An end of a call lane that an argument of this process's function names, checked as pipe_end's.
/// Empty where an empty one was given; `from` fails where there is none of these types.
pipe_core read_call_end(decoder& from, const pipe_traffic& out, const pipe_traffic& in);

/// A request being written. Given up when it is destroyed before it was published.
struct open_call {
  call_ticket ticket;
  pipe_place place;
  std::size_t bytes = 0;  ///< With the head.
  pending_call* entry = nullptr;
  call_client_state* state = nullptr;

  open_call() = default;
  open_call(const open_call&) = delete;
  open_call& operator=(const open_call&) = delete;
  ~open_call();
};

/// Told when a request that a thread waits for is over.
class call_waiter : public call_continuation {
 public:
  /// Acquire: who sees it sees the result.
  [[nodiscard]] bool is_done() const noexcept { return done_.load(std::memory_order_acquire); }
  void failed(const call_failure& why) noexcept final;
  /// Throws what the handler threw.
  void rethrow() const;

  std::error_code code;
  exit_status status;
  std::optional<thrown_record> thrown;

 protected:
  ~call_waiter() = default;
  /// The last thing: then the waiter may be gone.
  void set_done() noexcept { done_.store(true, std::memory_order_release); }

 private:
  std::atomic<bool> done_{false};
};

template <class Reply>
class waiting_reply final : public call_waiter {
 public:
  Reply value{};

 private:
  bool replied(std::span<const std::byte> bytes, message_endpoints& names) override {
    if (!decode_reply(bytes, value, names)) return false;
    set_done();
    return true;
  }
};

/// The asking end of a call lane without its types: requests under way in a table of slots. Copies
/// are handles to the same end.
/// @threads any, but assigning and destroying a handle.
class call_client_core {
 public:
  call_client_core() = default;
  explicit call_client_core(pipe_core end);
  explicit call_client_core(std::shared_ptr<call_client_state> state) noexcept
      : state_(std::move(state)) {}
  /// Nobody asks any more: what is under way fails with closed.
  void abandon() const;

  /// Makes a request of `size` bytes, which `fill(encoder&)` writes where they are sent from. The
  /// continuation is told of its end unless this returns an error.
  /// @errors full: there is no room, or as many are under way as may be, and it may not wait;
  /// too_large; as pipe_end::send.
  template <class Fill>
  std::error_code begin_with(std::size_t size, Fill&& fill, call_continuation& to,
                             const request_terms& terms, patience how_long,
                             call_ticket& ticket) const {
    if (size >= oversize) return errc::too_large;
    if (size + call_head_bytes > whole_bytes_max()) {
      return begin_copy(size, fill, nullptr, to, terms, how_long, ticket);
    }
    open_call call;
    if (const auto ec = reserve(size, to, terms, how_long, call)) return ec;
    ticket = call.ticket;
    encoder into(call.place.bytes + call_head_bytes);
    fill(into);
    const auto ec = publish(call);
    return ec || !terms.async ? ec : watch_async(terms);
  }
  template <class Request>
  std::error_code begin(const Request& request, call_continuation& to, const request_terms& terms,
                        patience how_long, call_ticket& ticket) const {
    const auto fill = [&](encoder& into) { encode(into, request); };
    if constexpr (holds_endpoints<Request>()) {
      const std::size_t size = encoded_size(request);
      if (size >= oversize) return errc::too_large;
      named_endpoints names;
      return begin_copy(size, fill, &names, to, terms, how_long, ticket);
    } else {
      return begin_with(encoded_size(request), fill, to, terms, how_long, ticket);
    }
  }

  /// Sends what has no reply, in order with the requests of the same thread.
  /// @errors too_large: what goes in pieces, where it may not wait; full; as pipe_end::send.
  template <class Fill>
  std::error_code post_with(std::size_t size, Fill&& fill, patience how_long) const {
    if (size >= oversize) return errc::too_large;
    const std::size_t all = call_head_bytes + size;
    if (all > whole_bytes_max()) {
      const auto bytes = std::make_unique_for_overwrite<std::byte[]>(all);
      write_post_head(bytes.get());
      encoder into(bytes.get() + call_head_bytes);
      fill(into);
      return end().send_pieces({}, {bytes.get(), all}, how_long);
    }
    pipe_place place;
    if (const auto ec = end().reserve(all, how_long, place)) return ec;
    write_post_head(place.bytes);
    encoder into(place.bytes + call_head_bytes);
    fill(into);
    return end().publish(place);
  }

  /// Opens a request that a parcel has in it, which `send` is then to send: until all of it is
  /// sent, or it is cancelled, its continuation is not told. Repeatable only where it failed.
  /// @limits the parcel does not outlive this. Sent again over restarts of the server, as `terms`
  /// say, is only what goes in one piece and names nothing.
  /// @errors full: as many are under way as may be.
  std::error_code open(parcel& request, call_continuation& to, const request_terms& terms,
                       call_ticket& ticket) const;
  /// As parcel::send. peer_restarted: its server is no more, so that another call begins anew.
  std::error_code send(parcel& request, const call_ticket& ticket, patience how_long) const;

  /// Waits until the waiter is told; takes replies in meanwhile, its own and others'.
  /// @returns what ended the waiting before that: the request is then cancelled.
  std::error_code wait(call_waiter& waiter, const call_ticket& ticket, patience how_long) const;
  /// @returns true: it was under way, and nobody will be told. Its reply is ignored.
  bool cancel(const call_ticket& ticket) const;
  /// The same, but its continuation is told operation_canceled.
  void abort(const call_ticket& ticket) const;
  /// Takes replies in: waits for one, or for `over`, then all that are there.
  std::error_code pump(patience how_long, const std::atomic<bool>* over = nullptr) const;
  /// Has those that wait in `pump` look at `over`.
  void wake() const;
  /// Requests that have no end yet.
  [[nodiscard]] std::uint32_t pending() const;
  /// How often the server was started again after the deaths that are settled; it has the same
  /// number as `pipe_core::restarts`.
  [[nodiscard]] std::uint32_t server_restarts() const;

  void close() const;
  /// The most bytes that go in one piece, without the head.
  [[nodiscard]] std::size_t whole_request_max() const;
  [[nodiscard]] const pipe_core& end() const noexcept;
  [[nodiscard]] const std::shared_ptr<call_client_state>& state() const noexcept { return state_; }
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Throws `code` as a bulkhead::error that says which lane was called.
  [[noreturn]] void fail(std::error_code code, const exit_status& status) const;

 private:
  template <class Fill>
  std::error_code begin_copy(std::size_t size, Fill& fill, named_endpoints* names,
                             call_continuation& to, const request_terms& terms, patience how_long,
                             call_ticket& ticket) const {
    const auto bytes = std::make_unique_for_overwrite<std::byte[]>(call_head_bytes + size);
    encoder into(bytes.get() + call_head_bytes, names);
    fill(into);
    static const std::vector<std::uint64_t> none;
    return send_copy({bytes.get(), call_head_bytes + size}, names != nullptr ? names->ids() : none,
                     to, terms, how_long, ticket);
  }
  static void write_post_head(std::byte* to) noexcept;
  [[nodiscard]] std::size_t whole_bytes_max() const;
  std::error_code reserve(std::size_t size, call_continuation& to, const request_terms& terms,
                          patience how_long, open_call& out) const;
  std::error_code publish(open_call& call) const;
  std::error_code watch_async(const request_terms& terms) const;
  std::error_code send_copy(std::span<std::byte> bytes, const std::vector<std::uint64_t>& names,
                            call_continuation& to, const request_terms& terms, patience how_long,
                            call_ticket& ticket) const;

  std::shared_ptr<call_client_state> state_;
};

}  // namespace bulkhead::detail
