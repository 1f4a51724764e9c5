#include <algorithm>
#include <bulkhead/detail/async_operation.hpp>
#include <bulkhead/detail/call_client_core.hpp>
#include <cstring>
#include <stdexcept>

#include "call_client_state.hpp"
#include "process_context.hpp"
#include "stop_error.hpp"

namespace bulkhead {

std::exception_ptr call_failure::exception() const {
  if (thrown != nullptr) return detail::revive(*thrown);
  return std::make_exception_ptr(error(code, std::string(what), status));
}

namespace detail {
namespace {

std::error_code none() { return make_error_code(errc::not_initialised); }

}  // namespace

request_terms request_terms::of(const request_options& options) {
  request_terms terms;
  terms.idempotent = options.idempotent;
  if (!options.deadline) return terms;
  if (*options.deadline <= std::chrono::nanoseconds{0}) {
    throw std::invalid_argument("request_options::deadline must be above 0");
  }
  const patience all = patience::lasting(*options.deadline);
  if (all.how == patience::kind::some) {
    terms.deadline = std::chrono::steady_clock::now() + all.time;
  }
  return terms;
}

patience sooner(request_terms& terms, patience how_long) {
  const auto now = std::chrono::steady_clock::now();
  if (how_long.how == patience::kind::some) {
    terms.deadline = std::min(terms.deadline, now + how_long.time);
  }
  if (terms.deadline == request_terms::time_point::max()) return how_long;
  return {patience::kind::some, terms.deadline - now};
}

pipe_core read_call_end(decoder& from, const pipe_traffic& out, const pipe_traffic& in) {
  std::uint64_t id = 0;
  if (!from.get_endpoint(id)) {
    from.fail();
    return {};
  }
  if (id == no_endpoint || id == gone_endpoint) return {};
  pipe_core end = pipe_core::find(from.endpoints(), id, out, in);
  if (!end) from.fail();
  return end;
}

// --- a thread that waits ---

void call_waiter::failed(const call_failure& why) noexcept {
  code = why.code;
  try {
    status = why.status;
    if (why.thrown != nullptr) thrown = *why.thrown;
  } catch (...) {
    code = error_of_exception();
  }
  set_done();
}

void call_waiter::rethrow() const {
  if (thrown) std::rethrow_exception(revive(*thrown));
}

// --- the core ---

call_client_core::call_client_core(pipe_core end)
    : state_(end ? std::make_shared<call_client_state>(std::move(end)) : nullptr) {}

void call_client_core::abandon() const {
  if (state_ != nullptr) state_->fail_all(errc::closed);
}

std::error_code call_client_core::reserve(std::size_t size, call_continuation& to,
                                          const request_terms& terms, patience how_long,
                                          open_call& out) const {
  return state_ ? state_->reserve(size + call_head_bytes, to, terms, how_long, out) : none();
}

std::error_code call_client_core::publish(open_call& call) const { return state_->publish(call); }

// From here on its end is told, whatever happens here.
std::error_code call_client_core::watch_async(const request_terms& terms) const {
  try {
    state_->watch_async(terms.deadline);
  } catch (...) {
    state_->fail_all(error_of_exception());  // no thread, no descriptors: nobody would ever read
  }
  return {};
}

std::error_code call_client_core::send_copy(std::span<std::byte> bytes,
                                            const std::vector<std::uint64_t>& names,
                                            call_continuation& to, const request_terms& terms,
                                            patience how_long, call_ticket& ticket) const {
  if (state_ == nullptr) return none();
  const auto ec = state_->send_copy(bytes, names, to, terms, how_long, ticket);
  return ec || !terms.async ? ec : watch_async(terms);
}

std::error_code call_client_core::open(parcel& request, call_continuation& to,
                                       const request_terms& terms, call_ticket& ticket) const {
  return state_ ? state_->open_parcel(request, to, terms, ticket) : none();
}

std::error_code call_client_core::send(parcel& request, const call_ticket& ticket,
                                       patience how_long) const {
  return state_->send_parcel(request, ticket, how_long);
}

std::size_t call_client_core::whole_request_max() const {
  return whole_bytes_max() - call_head_bytes;
}

std::size_t call_client_core::whole_bytes_max() const {
  return state_ ? state_->end().whole_bytes_max() : oversize;
}

std::error_code call_client_core::wait(call_waiter& waiter, const call_ticket& ticket,
                                       patience how_long) const {
  return state_->wait(waiter, ticket, how_long);
}

bool call_client_core::cancel(const call_ticket& ticket) const {
  return state_ != nullptr && state_->drop(ticket);
}

void call_client_core::abort(const call_ticket& ticket) const {
  if (state_ != nullptr) state_->abort(ticket);
}

std::error_code call_client_core::pump(patience how_long, const std::atomic<bool>* over) const {
  return state_ ? state_->pump(how_long, over) : none();
}

void call_client_core::wake() const {
  if (state_ != nullptr) state_->end().wake_own_receivers();
}

// Of no slot: a reply to it would find nobody.
void call_client_core::write_post_head(std::byte* to) noexcept {
  const core::request_head head;
  std::memcpy(to, &head, sizeof head);
}

std::uint32_t call_client_core::pending() const { return state_ ? state_->pending() : 0; }

std::uint32_t call_client_core::server_restarts() const {
  return state_ ? state_->deaths_settled() : 0;
}

void call_client_core::close() const {
  if (state_ == nullptr) throw error(none(), "closing an empty call_client");
  state_->close();
}

const pipe_core& call_client_core::end() const noexcept {
  static const pipe_core empty;
  return state_ ? state_->end() : empty;
}

void call_client_core::fail(std::error_code code, const exit_status& status) const {
  std::string what = "calling " + (state_ ? "'" + end().name() + "'" : "by an empty call_client");
  if (code == errc::peer_crashed || code == errc::peer_restarted) {
    what += ", whose server ended: " + status.report();
  }
  if (code == errc::stop_requested) throw_error(code, what);
  throw error(code, what, status);
}

}  // namespace detail
}  // namespace bulkhead
