#include <bulkhead/detail/message_io.hpp>
#include <bulkhead/detail/pipe_core.hpp>

#include "pipe_state.hpp"
#include "process_context.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {

message_endpoints::message_endpoints(const queue_core& carrier)
    : context_(&carrier.state()->context()) {}

message_endpoints::message_endpoints(const pipe_core& carrier)
    : context_(&carrier.state()->context()) {}

message_endpoints::~message_endpoints() = default;

process_context* message_endpoints::context() { return context_; }

// Only its carrier keeps a queue that nobody else holds, so the decoded handle is there before this
// one goes. The keeper's `closed` means that no queue has that name: no sender wrote it.
std::uint64_t message_endpoints::endpoint(std::uint64_t said) {
  std::error_code ec;
  const bool is_end = said != no_endpoint && (said & pipe_mark) != 0 && (said & sender_mark) == 0;
  if (is_end) {
    auto end = context()->claim_end(said, ec);
    if (end == nullptr && ec == errc::closed) return gone_endpoint;
    if (end == nullptr) failure_ = ec;
    if (end == nullptr) return no_endpoint;
    ends_.push_back(std::move(end));
    return said;
  }
  auto queue = context()->open_queue(said, ec);
  if (queue == nullptr) {
    if (ec != errc::closed) failure_ = ec;
    return no_endpoint;
  }
  held_.push_back(std::move(queue));
  return said;
}

status queue_core::carry(std::uint64_t position,
                         const std::vector<std::uint64_t>& endpoints) const {
  if (endpoints.size() > endpoints_max) return errc::too_large;
  os::control::carry wanted;
  wanted.queue = id();
  wanted.messages.push_back({position, endpoints});
  return status::of(state_->context().carry(wanted));
}

void queue_core::take_back(std::uint64_t position,
                           const std::vector<std::uint64_t>& endpoints) const {
  state_->context().take_back({id(), {{position, {}}}}, endpoints);
}

}  // namespace bulkhead::detail
