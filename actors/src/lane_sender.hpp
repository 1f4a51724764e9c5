#pragma once

#include <bulkhead/actors/compat.hpp>
#include <cstddef>

namespace bulkhead::actors::detail {

/// The sender of all that a lane brings to an actor that runs elsewhere, on a thread of its own:
/// each message refers to it until it is handled, each open promise until it is answered. So the
/// references count what is not done yet, in CAF's mailbox, which has no bound of its own.
class lane_sender final : public caf::actor_proxy {
 public:
  using caf::actor_proxy::actor_proxy;

  // Whoever it is to the actor, it is nobody to talk to.
  void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
  void kill_proxy(caf::execution_unit*, caf::error) override {}
};

}  // namespace bulkhead::actors::detail
