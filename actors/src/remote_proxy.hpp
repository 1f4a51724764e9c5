#pragma once

#include <memory>

#include "remote_peer.hpp"
#include "stand_in.hpp"

namespace bulkhead::actors::detail {

/// Stands for an actor in a process of its own: what it is sent goes there in the sender's thread.
/// Monitors, links and the like are this process's own, and hear of the end.
class remote_proxy final : public stand_in {
 public:
  remote_proxy(caf::actor_config& config, std::shared_ptr<remote_peer> peer)
      : stand_in(config), peer_(std::move(peer)) {}
  ~remote_proxy() override { peer_->handle_gone(); }

  [[nodiscard]] remote_peer& peer() const noexcept { return *peer_; }

 private:
  void linked() override;
  void left(caf::attachable_ptr watchers) override;
  caf::error pass_on(caf::mailbox_element_ptr& message, compat::unit* host) override;

  std::shared_ptr<remote_peer> peer_;
};

/// The peer of an actor that is in a process of its own, for as long as somebody has a handle of
/// that; nullptr: it is in this one.
[[nodiscard]] remote_peer* peer_of(const caf::strong_actor_ptr& actor);

}  // namespace bulkhead::actors::detail
