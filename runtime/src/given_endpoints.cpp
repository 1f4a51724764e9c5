#include "given_endpoints.hpp"

#include "pipe_state.hpp"
#include "process_context.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {

given_endpoints::given_endpoints(process_context& context,
                                 std::vector<os::child_context::endpoint>& endpoints) {
  for (auto& given : endpoints) {
    ids_.push_back(given.queue);
    if ((given.queue & os::control::pipe_bit) != 0) {
      ends_.push_back(
          context.adopt_end(given.queue, given.name, std::move(given.segment), given.bells));
      continue;
    }
    auto queue = context.adopt(given.queue, given.name, std::move(given.segment), given.bells);
    queue->take_seat({given.seat, given.epoch, given.sent_before});
    queues_.push_back(std::move(queue));
  }
}

std::uint64_t given_endpoints::endpoint(std::uint64_t index) {
  return index < ids_.size() ? ids_[index] : no_endpoint;
}

}  // namespace bulkhead::detail
