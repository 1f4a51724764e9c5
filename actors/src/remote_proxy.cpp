#include "remote_proxy.hpp"

#include <bulkhead/actors/remote_error.hpp>

namespace bulkhead::actors::detail {

namespace {

// CAF's own `bounce` says no more than that the receiver is down.
void refuse(caf::mailbox_element& message, caf::error reason, caf::execution_unit* host) {
  if (!message.sender || !message.mid.is_request()) return;
  message.sender->enqueue(
      caf::make_mailbox_element(nullptr, message.mid.response_id(), {}, std::move(reason)), host);
}

}  // namespace

// Messages that only a local actor could make sense of (down_msg, answers to nobody) are dropped.
void remote_proxy::enqueue(caf::mailbox_element_ptr message, caf::execution_unit* host) {
  if (message->mid.is_response()) return;
  caf::error refused;
  if (getf(is_terminated_flag)) {
    refused = fail_state();
    if (!refused || refused.category() != remote_category) {
      refused = caf::sec::request_receiver_down;
    }
  } else {
    try {
      refused = peer_->send(caf::strong_actor_ptr(ctrl()), *message, host);
    } catch (const std::exception&) {  // a value that cannot be encoded, or no memory
      refused = error_for(errc::too_large);
    }
  }
  if (refused) refuse(*message, std::move(refused), host);
}

void remote_proxy::attach(caf::attachable_ptr watcher) {
  caf::actor_proxy::attach(std::move(watcher));
  peer_->keep(caf::strong_actor_ptr(ctrl()));
}

bool remote_proxy::add_backlink(caf::abstract_actor* other) {
  peer_->keep(caf::strong_actor_ptr(ctrl()));
  return caf::actor_proxy::add_backlink(other);
}

void remote_proxy::on_destroy() {
  if (!getf(is_terminated_flag)) cleanup(caf::exit_reason::unreachable, nullptr);
}

void remote_proxy::kill_proxy(caf::execution_unit* unit, caf::error reason) {
  cleanup(std::move(reason), unit);
}

}  // namespace bulkhead::actors::detail
