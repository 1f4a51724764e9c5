#pragma once

#include <bulkhead/process.hpp>
#include <mutex>

#include "remote_peer.hpp"

namespace bulkhead::actors::detail {

/// An actor whose process ends with it, with its last handle anywhere, or with the system.
class owned_peer final : public remote_peer {
 public:
  owned_peer(actor_client lane, const message_codec& codec, pump_unit& unit, system_state& state)
      : remote_peer(std::move(lane), codec, unit, state, {}) {}

  /// @limits child: none where the actor is somebody else's.
  void start(process child, const caf::strong_actor_ptr& proxy);
  bool hand_over(const actor_server& lane, const message_codec& codec) override;
  void take_over(caf::attachable_ptr watchers) override;
  void handle_gone() noexcept override;

 private:
  caf::error live() override;
  void part(const caf::error& reason) override;
  bool say_watching();
  void keep(caf::strong_actor_ptr proxy) override;
  caf::error refusal() override { return {}; }

  process child_;
  bool is_owner_ = false;
  std::atomic<bool> is_lent_{false};       ///< Somebody else may have a handle.
  std::atomic<bool> only_watches_{false};  ///< All that is left here is who watches the actor.
  bool said_so_ = false;                   ///< The pump's.
  std::mutex kept_mutex_;
  bool is_over_ = false;
  caf::error reason_;
  caf::strong_actor_ptr kept_proxy_;
  caf::attachable_ptr watchers_;
};

}  // namespace bulkhead::actors::detail
