#include <bulkhead/actors/spawn_process.hpp>

#include "owned_peer.hpp"
#include "remote_proxy.hpp"
#include "supervised_peer.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

namespace {

template <class Peer, class... Args>
std::shared_ptr<Peer> make_peer(system& sys, hosted_start& start, const Args&... args) {
  return sys.state().add_thread([&](pump_unit& unit) {
    return std::make_shared<Peer>(std::move(start.lane), *start.codec, unit, sys.state(), args...);
  });
}

// A child that nobody reads the answers of is none.
void forget(supervisor& sup, const process& child) {
  std::error_code ignored;
  sup.terminate_child(child.child_id(), ignored);
  sup.delete_child(child.child_id(), ignored);
}

}  // namespace

caf::strong_actor_ptr start_owned(system& sys, const spawn_options& options, hosted_start start) {
  auto peer = make_peer<owned_peer>(sys, start);
  return sys.state().start_or_drop(peer, [&] {
    process child = sys.runtime().start(options, std::move(start.recipe));
    auto proxy = compat::make_proxy<remote_proxy>(sys.caf(), peer);
    peer->start(std::move(child), proxy);
    return proxy;
  });
}

caf::strong_actor_ptr start_supervised(system& sys, supervisor& sup, const child_spec& spec,
                                       const supervised_options& options, hosted_start start) {
  auto peer = make_peer<supervised_peer>(sys, start, options);
  return sys.state().start_or_drop(peer, [&] {
    const process child = sup.start_observed(spec, std::move(start.recipe), peer);
    try {
      auto proxy = compat::make_proxy<remote_proxy>(sys.caf(), peer);
      peer->start(sup, child, proxy);
      return proxy;
    } catch (...) {
      forget(sup, child);
      throw;
    }
  });
}

void watch(const caf::strong_actor_ptr& watcher, const caf::strong_actor_ptr& supervised) {
  auto* const peer = dynamic_cast<supervised_peer*>(peer_of(supervised));
  if (peer == nullptr) {
    throw bulkhead::error(errc::unsupported, "watching an actor that is not supervised");
  }
  peer->watch(watcher);
}

std::uint64_t incarnation_of(const caf::strong_actor_ptr& remote) {
  remote_peer* const peer = peer_of(remote);
  if (peer == nullptr) {
    throw bulkhead::error(errc::unsupported,
                          "asking for the incarnation of an actor that has none");
  }
  const auto* const lives = dynamic_cast<const supervised_peer*>(peer);
  return lives != nullptr ? lives->incarnation() : 1;
}

}  // namespace bulkhead::actors::detail
