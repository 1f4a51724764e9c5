#include "stand_in.hpp"

#include <bulkhead/actors/remote_error.hpp>
#include <exception>

namespace bulkhead::actors::detail {

namespace {

template <class Content>
void respond(const caf::mailbox_element& message, Content content, compat::unit* host) {
  if (!message.sender || !message.mid.is_request()) return;
  message.sender->enqueue(
      compat::make_element(nullptr, message.mid.response_id(), std::move(content)), host);
}

}  // namespace

void answer(const caf::mailbox_element& message, caf::message content, compat::unit* host) {
  respond(message, std::move(content), host);
}

// CAF's own `bounce` says no more than that the receiver is down.
void refuse(const caf::mailbox_element& message, caf::error reason, compat::unit* host) {
  respond(message, std::move(reason), host);
}

// Messages that only a local actor could make sense of (down_msg, answers to nobody) are dropped.
void stand_in::receive(caf::mailbox_element_ptr& message, compat::unit* host) {
  if (message->mid.is_response()) return;
  caf::error refused;
  if (has_ended()) {
    refused = end_reason();
    if (!refused || refused.category() != remote_category) {
      refused = caf::sec::request_receiver_down;
    }
  } else {
    try {
      refused = pass_on(message, host);
    } catch (const std::exception&) {  // a value that cannot be encoded, or no memory
      refused = error_for(errc::too_large);
    }
  }
  if (refused && message) refuse(*message, std::move(refused), host);
}

}  // namespace bulkhead::actors::detail
