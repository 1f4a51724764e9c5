#pragma once

#include <bulkhead/actors/compat.hpp>

namespace bulkhead::actors::detail {

/// An actor without a mailbox and a thread of its own: whoever sends it something passes that on,
/// to where it belongs. It ends like any other: monitors and links hear of it, and requests are
/// refused with the reason from then on.
class stand_in : public compat::watched_proxy {
 public:
  using watched_proxy::watched_proxy;

 private:
  void receive(caf::mailbox_element_ptr& message, compat::unit* host) final;
  void left(caf::attachable_ptr watchers) override {
    compat::tell_end(watchers, caf::exit_reason::unreachable);
  }
  /// In the sender's thread; may take the message over.
  /// @returns the error that a request is answered with; none: it is answered, or will be.
  virtual caf::error pass_on(caf::mailbox_element_ptr& message, compat::unit* host) = 0;
};

/// Answers a request; other messages want none. @limits host: the thread's; nullptr: a plain one's.
void answer(const caf::mailbox_element& message, caf::message content, compat::unit* host);
void refuse(const caf::mailbox_element& message, caf::error reason, compat::unit* host);

}  // namespace bulkhead::actors::detail
