#pragma once

#include <bulkhead/actors/compat.hpp>

namespace bulkhead::actors::detail {

/// An actor without a mailbox and a thread of its own: whoever sends it something passes that on,
/// to where it belongs. It ends like any other: monitors and links hear of it, and requests are
/// refused with the reason from then on.
class stand_in : public caf::actor_proxy {
 public:
  using caf::actor_proxy::actor_proxy;

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* host) final;
  void kill_proxy(caf::execution_unit* unit, caf::error reason) final;
  // Nobody has a handle: who watches it can hear nothing more.
  void on_destroy() final;

 private:
  /// In the sender's thread; may take the message over.
  /// @returns the error that a request is answered with; none: it is answered, or will be.
  virtual caf::error pass_on(caf::mailbox_element_ptr& message, caf::execution_unit* host) = 0;
};

/// Answers a request; other messages want none. @limits host: the thread's; nullptr: a plain one's.
void answer(const caf::mailbox_element& message, caf::message content, caf::execution_unit* host);
void refuse(const caf::mailbox_element& message, caf::error reason, caf::execution_unit* host);

}  // namespace bulkhead::actors::detail
