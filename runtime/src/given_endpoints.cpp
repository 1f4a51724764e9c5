#include "given_endpoints.hpp"

#include "os/pipe_memory.hpp"
#include "pipe_state.hpp"
#include "process_context.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {

given_endpoints::given_endpoints(process_context& context,
                                 std::vector<os::child_context::endpoint> endpoints)
    : context_(&context) {
  for (auto& given : endpoints) {
    kept& e = all_.emplace_back(kept{std::move(given), nullptr, nullptr, nullptr});
    if ((e.given.queue & os::control::pipe_bit) != 0) {
      e.pipe = context.map_end(std::move(e.given.segment), e.given.bells);
    } else {
      e.queue =
          context.adopt(e.given.queue, e.given.name, std::move(e.given.segment), e.given.bells);
    }
  }
}

void given_endpoints::set_seat(std::size_t n, std::uint32_t seat, std::uint32_t epoch,
                               std::uint64_t sent_before) {
  os::child_context::endpoint& given = all_[n].given;
  given.seat = seat;
  given.epoch = epoch;
  given.sent_before = sent_before;
}

// What an end's state knows of its rings it reads when it is made.
void given_endpoints::take_up() {
  for (kept& e : all_) {
    if (e.pipe != nullptr) {
      e.end = context_->adopt_end(e.given.queue, e.given.name, std::move(e.pipe));
    } else {
      e.queue->take_seat({e.given.seat, e.given.epoch, e.given.sent_before});
    }
  }
}

std::uint64_t given_endpoints::endpoint(std::uint64_t index) {
  return index < all_.size() ? all_[index].given.queue : no_endpoint;
}

}  // namespace bulkhead::detail
