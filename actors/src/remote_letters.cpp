// What a peer sends by way of memory of its own: what names handles, what is large, and what there
// is no room for. remote_peer.cpp has the way straight into the lane.
#include <algorithm>
#include <bulkhead/actors/remote_error.hpp>
#include <chrono>
#include <thread>

#include "remote_peer.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::call_head_bytes;
using bulkhead::detail::encoder;
using bulkhead::detail::patience;

namespace {

using namespace std::chrono_literals;

constexpr auto room_patience = 200us;
// How often who waits for the room of a letter looks whether it is wanted still.
constexpr auto letter_patience = 5ms;
// Requests that wait for room, beside those that are under way.
constexpr std::size_t kept_requests_most = 1024;

bool is_later(const std::error_code& ec) { return ec == errc::full || ec == errc::timed_out; }

}  // namespace

// The names of endpoints are known when the values are written: making the lanes that they name
// sends messages itself. The head is of one that wants no reply: nothing but zeroes.
letter remote_peer::write_letter(const outgoing& what) {
  const bool names = is_message(what.number) && codec().input_names(signature_of(what.number));
  std::unique_ptr<departing_names> found;
  std::vector<std::byte> bytes;
  if (!names) {
    bytes.resize(call_head_bytes + what.size);
    encoder to(bytes.data() + call_head_bytes);
    write(what.content, what.number, to);
  } else {
    std::vector<std::byte> values(what.size - frame_number_bytes);
    found = std::make_unique<departing_names>(state_->departing());
    encoder to(values.data(), &found->found());
    codec().write_input(signature_of(what.number), what.content, to);
    const auto& ids = found->ids();
    const std::size_t names_bytes = ids.size() * bulkhead::detail::endpoint_bytes;
    bytes.resize(call_head_bytes + named_message::before_names + names_bytes + values.size());
    encoder into(bytes.data() + call_head_bytes);
    bulkhead::detail::encode(into, what.number | names_bit);
    bulkhead::detail::encode(into, static_cast<std::uint32_t>(ids.size()));
    for (const std::uint64_t name : ids) bulkhead::detail::encode(into, name);
    std::copy(values.begin(), values.end(), into.room(values.size()));
  }
  letter made(std::move(bytes), std::move(found));
  if (what.message.mid.is_request()) made.asks = request_of(what);
  return made;
}

// Sends what there is room for. @returns full, timed_out: there is more of it. Else it is sent, or
// will not be; then its request is left in it.
std::error_code remote_peer::advance(letter& message, patience how_long) {
  const auto& lane = lane_.core();
  if (message.asks && !message.is_open) {
    if (const auto ec = lane.open(message.body, *message.asks, terms_, message.ticket)) return ec;
    message.is_open = true;
  }
  const auto ec = message.is_open ? lane.send(message.body, message.ticket, how_long)
                                  : message.body.send(lane.end(), how_long);
  if (is_later(ec)) return ec;
  // Its receiver died with some of it: the next one gets all of it.
  const bool fails = message.asks && terms_.ends_with_server;
  if (ec == errc::peer_restarted && !fails) return errc::full;
  // Where it is not under way any more it was told its end meanwhile, and is gone.
  if (!ec || (message.is_open && !lane.cancel(message.ticket))) {
    static_cast<void>(message.asks.release());
    return {};
  }
  message.is_open = false;
  return ec;
}

// Between the lane's end and the proxy's it is told as after that.
caf::error remote_peer::failure_of(const std::error_code& why) const {
  if (why == errc::closed && is_lost_.load(std::memory_order_acquire)) return lost_;
  exit_status status;
  if (why == errc::peer_crashed || why == errc::peer_restarted) {
    try {
      status = lane_.core().end().peer().status;
    } catch (const std::exception&) {  // no keeper: then nobody knows
    }
  }
  return error_for(why, status);
}

caf::error remote_peer::send_letter(letter message, bool waits) {
  if (!waits) return keep(std::move(message));
  for (;;) {
    const auto ec = advance(message, patience::lasting(letter_patience));
    if (!ec) return {};
    if (!is_later(ec)) return failure_of(ec);
    if (message.asks && refuses()) {
      if (message.is_open) lane_.core().cancel(message.ticket);
      return refusal();
    }
    if (ec == errc::full) std::this_thread::sleep_for(room_patience);
  }
}

// Where there is room now it need not wait for the pump.
caf::error remote_peer::keep(letter message) {
  if (message.asks && outbox_.requests() >= kept_requests_most) return error_for(errc::full);
  const std::size_t most = state_->options().kept_bytes;
  const std::size_t bytes = message.bytes;
  switch (outbox_.put(std::move(message), most)) {
    case lane_outbox::outcome::kept:
      break;
    case lane_outbox::outcome::full:
      return error_for(errc::full, "there is no room for " + std::to_string(bytes) +
                                       " bytes beside the messages that wait; system_options::"
                                       "kept_bytes is " +
                                       std::to_string(most));
    case lane_outbox::outcome::closed:
      return failure_of(make_error_code(errc::closed));
  }
  flush();
  if (outbox_.holds()) call();
  return {};
}

// @returns true: something has been sent. Nobody is told under the outbox's lock.
bool remote_peer::flush() {
  std::vector<std::pair<std::unique_ptr<pending_request>, std::error_code>> failed;
  const bool moved = outbox_.flush([&](letter& next) {
    const auto ec = advance(next, patience::none());
    if (is_later(ec)) return false;
    if (next.asks) failed.emplace_back(std::move(next.asks), ec);
    return true;
  });
  for (const auto& [request, why] : failed) request->refuse(failure_of(why));
  return moved;
}

void remote_peer::wait_for_kept() {
  while (outbox_.holds() && !is_done()) {
    if (!flush()) std::this_thread::sleep_for(room_patience);
  }
}

void remote_peer::refuse_kept(const caf::error& why) {
  for (const letter& one : outbox_.take_requests()) {
    if (one.is_open) lane_.core().cancel(one.ticket);
    one.asks->refuse(why);
  }
}

}  // namespace bulkhead::actors::detail
