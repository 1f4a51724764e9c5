#pragma once

#include <bulkhead/actors/detail/actor_lane.hpp>
#include <memory>

#include "lane_reader.hpp"
#include "lane_thread.hpp"

namespace bulkhead::actors::detail {

/// An actor of this process that another was given a handle of: the lane between them, and the
/// thread that serves it until the other drops the handle, the actor ends, or the system does.
class served_lane final : public lane_thread, public std::enable_shared_from_this<served_lane> {
 public:
  served_lane(actor_server lane, const message_codec& codec, system_state& state, pump_unit& unit)
      : lane_(std::move(lane)),
        unit_(&unit),
        reader_(lane_.end(), codec, hosting::lent, state, unit) {}

  void start(caf::strong_actor_ptr actor);
  void let_go() noexcept override { reader_.stop(); }
  [[nodiscard]] bool keeps(caf::actor_id actor) const noexcept override {
    return reader_.keeps() == actor && !is_done();
  }

 private:
  void run() noexcept;

  actor_server lane_;
  pump_unit* unit_;
  lane_reader reader_;
};

}  // namespace bulkhead::actors::detail
