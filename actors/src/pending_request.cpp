#include "pending_request.hpp"

#include <bulkhead/actors/remote_error.hpp>
#include <memory>

#include "actor_endpoints.hpp"
#include "error_bytes.hpp"
#include "remote_peer.hpp"

namespace bulkhead::actors::detail {

bool pending_request::replied(std::span<const std::byte> value,
                              bulkhead::detail::message_endpoints& opened) {
  if (value.empty()) return false;
  const auto rest = value.subspan(1);
  caf::mailbox_element_ptr answer;
  if (value.front() == answer_values) {
    actor_endpoints names(opened, *peer_->state_);
    answer = peer_->codec().read_output(signature_, rest, proxy_, id_.response_id(), &names);
  } else {
    answer = compat::make_element(proxy_, id_.response_id(), decode_error(rest));
  }
  if (answer == nullptr) return false;
  give(std::move(answer));
  return true;
}

void pending_request::failed(const call_failure& why) noexcept {
  caf::error told =
      why.code == errc::closed ? peer_->failure_of(why.code) : error_for(why.code, why.status);
  give(compat::make_element(proxy_, id_.response_id(), std::move(told)));
}

void pending_request::refuse(caf::error why) const {
  if (!asker_) return;
  asker_->enqueue(compat::make_element(proxy_, id_.response_id(), std::move(why)), nullptr);
}

void pending_request::give(caf::mailbox_element_ptr answer) {
  const std::unique_ptr<pending_request> all(this);
  if (asker_) asker_->enqueue(std::move(answer), peer_->unit_);
}

}  // namespace bulkhead::actors::detail
