#include "owned_peer.hpp"

#include <bulkhead/actors/remote_error.hpp>

namespace bulkhead::actors::detail {

// The watch is the lane's first message, so there is room for it.
void owned_peer::start(process child, const caf::strong_actor_ptr& proxy) {
  child_ = std::move(child);
  if (const auto ec = begin_watch(0)) watch_.reason = error_for(ec, {});
  run_pump(proxy);
}

caf::error owned_peer::live() {
  while (!watch_.reason && !is_let_go()) {
    const auto ec = pump_once();
    if (ec && !watch_.reason) watch_.reason = error_for(ec, {});
  }
  return watch_.reason.value_or(caf::exit_reason::user_shutdown);
}

}  // namespace bulkhead::actors::detail
