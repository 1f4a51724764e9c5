#include <bulkhead/actors/spawn_process.hpp>

#include "remote_proxy.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

caf::strong_actor_ptr start_remote(system& sys, const spawn_options& options,
                                   bulkhead::detail::start_recipe recipe, actor_client lane,
                                   const message_codec& codec) {
  auto peer = sys.state().add_peer(std::move(lane), codec);
  process child;
  try {
    child = sys.runtime().start(options, std::move(recipe));
  } catch (...) {
    sys.state().drop_peer(peer);
    throw;
  }
  auto proxy = compat::make_proxy<remote_proxy>(sys.caf(), peer);
  peer->start(std::move(child), caf::actor_cast<caf::weak_actor_ptr>(proxy));
  return proxy;
}

}  // namespace bulkhead::actors::detail
