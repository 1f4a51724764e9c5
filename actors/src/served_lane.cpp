#include "served_lane.hpp"

#include <exception>

namespace bulkhead::actors::detail {

void served_lane::start(caf::strong_actor_ptr actor) {
  reader_.attach(std::move(actor));
  start_thread([self = shared_from_this()] { self->run(); });
}

void served_lane::run() noexcept {
  unit_->adopt();
  try {
    reader_.serve();
    if (reader_.has_ended()) reader_.answer_watcher();
    reader_.drop_actor();
    lane_.close();
  } catch (const std::exception&) {  // no memory, or the lane has gone: its end is told by that
  }
  unit_->hand_over();
  compat::forget_logger();
  set_done();
}

}  // namespace bulkhead::actors::detail
