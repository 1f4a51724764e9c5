#include "stand_in.hpp"

#include <bulkhead/actors/remote_error.hpp>
#include <exception>

namespace bulkhead::actors::detail {

namespace {

template <class Content>
void respond(const caf::mailbox_element& message, Content content, caf::execution_unit* host) {
  if (!message.sender || !message.mid.is_request()) return;
  message.sender->enqueue(
      caf::make_mailbox_element(nullptr, message.mid.response_id(), {}, std::move(content)), host);
}

}  // namespace

void answer(const caf::mailbox_element& message, caf::message content, caf::execution_unit* host) {
  respond(message, std::move(content), host);
}

// CAF's own `bounce` says no more than that the receiver is down.
void refuse(const caf::mailbox_element& message, caf::error reason, caf::execution_unit* host) {
  respond(message, std::move(reason), host);
}

// Messages that only a local actor could make sense of (down_msg, answers to nobody) are dropped.
void stand_in::enqueue(caf::mailbox_element_ptr message, caf::execution_unit* host) {
  if (message->mid.is_response()) return;
  caf::error refused;
  if (getf(is_terminated_flag)) {
    refused = fail_state();
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

void stand_in::on_destroy() {
  if (!getf(is_terminated_flag)) cleanup(caf::exit_reason::unreachable, nullptr);
}

void stand_in::kill_proxy(caf::execution_unit* unit, caf::error reason) {
  cleanup(std::move(reason), unit);
}

}  // namespace bulkhead::actors::detail
