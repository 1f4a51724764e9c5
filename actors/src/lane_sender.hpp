#pragma once

#include <bulkhead/actors/compat.hpp>
#include <cstddef>

namespace bulkhead::actors::detail {

/// The sender of all that a lane brings to an actor that runs elsewhere, on a thread of its own:
/// each message refers to it until it is handled, each open promise until it is answered. So the
/// references count what is not done yet, in CAF's mailbox, which has no bound of its own.
class lane_sender final : public compat::proxy {
 public:
  using proxy::proxy;

 private:
  // Whoever it is to the actor, it is nobody to talk to.
  void receive(caf::mailbox_element_ptr&, compat::unit*) override {}
};

}  // namespace bulkhead::actors::detail
