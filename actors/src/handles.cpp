// Handles on their way between processes.
#include <bulkhead/actors/accepts.hpp>
#include <bulkhead/actors/any_actor.hpp>
#include <bulkhead/actors/detail/handle_codec.hpp>
#include <bulkhead/call_lane.hpp>
#include <stdexcept>

#include "actor_endpoints.hpp"
#include "owned_peer.hpp"
#include "remote_proxy.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

namespace {

// There is a lane for each handle that is sent: small ones.
constexpr call_lane_options lane_sizes() {
  call_lane_options sizes;
  sizes.max_in_flight = 256;
  sizes.ring_bytes = std::size_t{64} << 10;
  return sizes;
}

// Of an actor whose messages nobody here has said.
const message_codec& unknown_messages() { return codec_of<accepts<>>::instance(); }

}  // namespace

// The actor's own process serves the lane where it can be told to; else this one does, which knows
// the actor.
std::uint64_t lend_handle(const caf::strong_actor_ptr& actor, const message_codec& codec) {
  if (!actor) return bulkhead::detail::no_endpoint;
  system_state* const state = system_state::of(*actor->home_system);
  if (state == nullptr) {
    throw std::invalid_argument("a handle of an actor whose system is not an actors::system");
  }
  auto [client, server] = make_calls<actor_bytes, actor_bytes>(state->runtime(), lane_sizes());
  const std::uint64_t id = client.core().end().id();
  remote_peer* const peer = peer_of(actor);
  // Of unknown messages nothing could be passed on: whoever gets the other end hears that it is
  // closed, as the actor's process is that cannot be told.
  if ((peer == nullptr || !peer->hand_over(server, codec)) && &codec != &unknown_messages()) {
    state->serve(std::move(server), codec, actor);
  }
  state->departing()->keep(std::move(client));
  return id;
}

caf::strong_actor_ptr take_handle(bulkhead::detail::decoder& from, const message_codec& codec) {
  auto end = bulkhead::detail::read_call_end(from, bulkhead::detail::request_traffic<actor_bytes>(),
                                             bulkhead::detail::reply_traffic<actor_bytes>());
  if (!end || from.failed()) return nullptr;
  auto* const names = dynamic_cast<actor_endpoints*>(from.endpoints());
  if (names == nullptr) {
    from.fail();
    return nullptr;
  }
  system_state& state = names->state();
  const auto peer = state.add_thread([&](pump_unit& unit) {
    return std::make_shared<owned_peer>(actor_client(std::move(end)), codec, unit, state);
  });
  if (names->are_arguments()) peer->stay_open();
  auto proxy = compat::make_proxy<remote_proxy>(state.caf(), peer);
  state.start_or_drop(peer, [&] { peer->start(process(), proxy); });
  return proxy;
}

std::uint64_t lend_any(const any_handle& handle) {
  if (!handle.actor) return bulkhead::detail::no_endpoint;
  const remote_peer* const peer = peer_of(handle.actor);
  const message_codec* codec = handle.codec;
  if (codec == nullptr) codec = peer != nullptr ? &peer->codec() : &unknown_messages();
  return lend_handle(handle.actor, *codec);
}

any_handle take_any(bulkhead::detail::decoder& from, std::uint64_t interface) {
  return {take_handle(from, unknown_messages()), nullptr, interface};
}

void learn(const any_handle& handle, const message_codec& codec) {
  remote_peer* const peer = peer_of(handle.actor);
  if (peer != nullptr && &peer->codec() == &unknown_messages()) peer->learn(codec);
}

}  // namespace bulkhead::actors::detail
