#include "remote_peer.hpp"

#include <bit>
#include <bulkhead/actors/remote_error.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <thread>

#include "error_bytes.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::encoder;
using bulkhead::detail::named_endpoints;
using bulkhead::detail::patience;

namespace {

using namespace std::chrono_literals;

constexpr auto room_patience = 200us;

}  // namespace

std::size_t remote_peer::size_of(const compat::message_values& content,
                                 std::uint32_t number) const {
  if (number == exit_frame) {
    return frame_number_bytes +
           bulkhead::detail::encoded_size(record_of(content.get_as<caf::exit_msg>(0).reason));
  }
  return frame_number_bytes + codec().input_size(signature_of(number), content);
}

void remote_peer::write(const compat::message_values& content, std::uint32_t number,
                        encoder& to) const {
  bulkhead::detail::encode(to, number);
  if (number == exit_frame) {
    bulkhead::detail::encode(to, record_of(content.get_as<caf::exit_msg>(0).reason));
  } else {
    codec().write_input(signature_of(number), content, to);
  }
}

caf::error remote_peer::send(const caf::strong_actor_ptr& proxy, caf::mailbox_element& message,
                             compat::unit* host) {
  caf::error why;
  try {
    why = pass(proxy, message, host);
  } catch (const std::exception& failure) {  // a value that cannot be encoded, or no memory
    why = error_for(errc::too_large, failure.what());
  }
  if (why && !message.mid.is_request()) drop(why);
  return why;
}

// Told less and less often, since it may come to many.
void remote_peer::drop(const caf::error& why) {
  if (is_done() || is(why, errc::closed) || is(why, errc::peer_crashed)) return;  // nobody is there
  const std::uint64_t n = dropped_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!std::has_single_bit(n)) return;
  const std::string text = compat::render(state_->caf(), why);
  std::fprintf(stderr, "bulkhead: a message to the actor '%s' is dropped (the %llu. so far): %s\n",
               lane_.core().end().name().c_str(), static_cast<unsigned long long>(n), text.c_str());
}

caf::error remote_peer::pass(const caf::strong_actor_ptr& proxy,
                             const caf::mailbox_element& message, compat::unit* host) {
  const compat::message_values& content = message.content();
  std::uint32_t number = codec().find(content);
  if (number == message_codec::none && content.match_elements<caf::exit_msg>()) {
    number = exit_frame;
  }
  if (number == message_codec::none) return caf::sec::unexpected_message;
  if (is_message(number) && message.mid.is_urgent_message()) number |= urgent_bit;
  if (refuses() && message.mid.is_request()) return refusal();
  const outgoing what{
      proxy, message, content, number, size_of(content, number), compat::may_wait(host)};
  if (what.size > message_bytes_max) return error_for(errc::too_large, too_large_text(what.size));
  const bool names = is_message(number) && codec().input_names(signature_of(number));
  const bool is_large = what.size > lane_.core().whole_request_max();
  // What was sent before comes first.
  if (outbox_.holds() && what.waits) wait_for_kept();
  if (names || is_large || outbox_.holds()) return send_letter(write_letter(what), what.waits);
  return message.mid.is_request() ? request(what) : post(what);
}

std::unique_ptr<pending_request> remote_peer::request_of(const outgoing& what) {
  return std::make_unique<pending_request>(*this, what.proxy, what.message.sender, what.message.mid,
                                           signature_of(what.number));
}

caf::error remote_peer::post(const outgoing& what) {
  const auto ec = lane_.core().post_with(
      what.size, [&](encoder& to) { write(what.content, what.number, to); },
      what.waits ? patience::forever() : patience::none());
  if (ec == errc::full) return keep(write_letter(what));
  return ec ? failure_of(ec) : caf::error();
}

caf::error remote_peer::request(const outgoing& what) {
  auto made = request_of(what);
  for (;;) {
    call_ticket ticket;
    const std::error_code ec = lane_.core().begin_with(
        what.size, [&](encoder& to) { write(what.content, what.number, to); }, *made, terms_,
        patience::none(), ticket);
    if (!ec) {
      static_cast<void>(made.release());  // told, it goes
      return {};
    }
    if (ec != errc::full) return failure_of(ec);
    if (!what.waits) break;
    std::this_thread::sleep_for(room_patience);
  }
  return keep(write_letter(what));
}

bool remote_peer::hand_over(const actor_server& lane, const message_codec& codec) {
  if (&codec != &this->codec()) return false;
  const std::vector<std::uint64_t> names{lane.end().id()};
  std::vector<std::byte> bytes(bulkhead::detail::call_head_bytes + frame_number_bytes +
                               bulkhead::detail::endpoint_bytes);
  named_endpoints found;
  encoder to(bytes.data() + bulkhead::detail::call_head_bytes, &found);
  bulkhead::detail::encode(to, lane_frame);
  to.put_endpoint(names.front());
  return !lane_.core().end().send_naming(bytes, names, patience::none());
}

}  // namespace bulkhead::actors::detail
