#pragma once

#include <bulkhead/actors/compat.hpp>
#include <memory>

#include "remote_peer.hpp"

namespace bulkhead::actors::detail {

/// Stands for an actor in a process of its own: what it is sent goes there in the sender's thread.
/// Monitors, links and the like are this process's own, and hear of the end.
class remote_proxy final : public caf::actor_proxy {
 public:
  remote_proxy(caf::actor_config& config, std::shared_ptr<remote_peer> peer)
      : caf::actor_proxy(config), peer_(std::move(peer)) {}
  ~remote_proxy() override { peer_->let_go(); }

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* host) override;
  void kill_proxy(caf::execution_unit* unit, caf::error reason) override;
  // Who watches an actor that is somebody else's need not keep a handle.
  void attach(caf::attachable_ptr watcher) override;
  bool add_backlink(caf::abstract_actor* other) override;
  // Nobody has a handle: the actor may go on, but nobody here can hear of it.
  void on_destroy() override;
  [[nodiscard]] remote_peer& peer() const noexcept { return *peer_; }

 private:
  std::shared_ptr<remote_peer> peer_;
};

}  // namespace bulkhead::actors::detail
