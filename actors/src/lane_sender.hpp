#pragma once

#include <bulkhead/actors/compat.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "served_end.hpp"

namespace bulkhead::actors::detail {

/// What a message from a lane is of that, until the actor is done with it: one of those that are
/// counted, and its bytes where it is large.
class lane_load {
 public:
  /// @limits tally: counts us; may be nothing. bytes 0: it is not large.
  lane_load(std::shared_ptr<served_end> end, caf::strong_actor_ptr tally, std::size_t bytes)
      : end_(std::move(end)), tally_(std::move(tally)), bytes_(bytes) {
    if (bytes_ != 0) end_->load(bytes_);
  }
  lane_load(lane_load&& other) noexcept
      : end_(std::move(other.end_)),
        tally_(std::move(other.tally_)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  lane_load& operator=(lane_load&&) = delete;
  ~lane_load() {
    if (bytes_ != 0) end_->unload(bytes_);
  }

  [[nodiscard]] served_end& end() const noexcept { return *end_; }

 private:
  std::shared_ptr<served_end> end_;
  caf::strong_actor_ptr tally_;
  std::size_t bytes_;
};

/// The sender of all that a lane brings to an actor that runs elsewhere, on a thread of its own:
/// each message refers to it until it is handled, each open promise until it is answered. So the
/// references count what is not done yet, in CAF's mailbox, which has no bound of its own.
class lane_sender : public compat::proxy {
 public:
  using proxy::proxy;

 private:
  // Whoever it is to the actor, it is nobody to talk to.
  void receive(caf::mailbox_element_ptr&, compat::unit*) final {}
};

/// The sender of one large message.
class laden_sender final : public lane_sender {
 public:
  laden_sender(caf::actor_config& config, lane_load load)
      : lane_sender(config), load_(std::move(load)) {}

 private:
  lane_load load_;
};

}  // namespace bulkhead::actors::detail
