#include <bulkhead/detail/message_io.hpp>

#include "process_context.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {

message_endpoints::message_endpoints(const queue_core& carrier) : carrier_(&carrier) {}

message_endpoints::~message_endpoints() = default;

process_context* message_endpoints::context() { return &carrier_->state()->context(); }

// Only its carrier keeps a queue that nobody else holds, so the decoded handle is there before this
// one goes. The keeper's `closed` means that no queue has that name: no sender wrote it.
std::uint64_t message_endpoints::endpoint(std::uint64_t said) {
  std::error_code ec;
  auto queue = context()->open_queue(said, ec);
  if (queue == nullptr) {
    if (ec != errc::closed) failure_ = ec;
    return no_endpoint;
  }
  held_.push_back(std::move(queue));
  return said;
}

status queue_core::carry(std::uint64_t position, std::vector<std::uint64_t>& endpoints) const {
  if (endpoints.size() > endpoints_max) return errc::too_large;
  os::control::carry wanted;
  wanted.queue = id();
  wanted.messages.push_back({position, std::move(endpoints)});
  return status::of(state_->context().carry(wanted));
}

}  // namespace bulkhead::detail
