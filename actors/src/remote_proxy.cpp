#include "remote_proxy.hpp"

namespace bulkhead::actors::detail {

caf::error remote_proxy::pass_on(caf::mailbox_element_ptr& message, compat::unit* host) {
  return peer_->send(caf::strong_actor_ptr(ctrl()), *message, host);
}

void remote_proxy::linked() { peer_->keep(caf::strong_actor_ptr(ctrl())); }

void remote_proxy::left(caf::attachable_ptr watchers) { peer_->take_over(std::move(watchers)); }

remote_peer* peer_of(const caf::strong_actor_ptr& actor) {
  auto* const proxy = actor ? dynamic_cast<remote_proxy*>(actor->get()) : nullptr;
  return proxy != nullptr ? &proxy->peer() : nullptr;
}

}  // namespace bulkhead::actors::detail
