#pragma once

#include <bulkhead/process.hpp>

#include "remote_peer.hpp"

namespace bulkhead::actors::detail {

/// An actor whose process ends with it, with its last handle, or with the system.
class owned_peer final : public remote_peer {
 public:
  owned_peer(actor_client lane, const message_codec& codec, pump_unit& unit)
      : remote_peer(std::move(lane), codec, unit, {}) {}

  void start(process child, const caf::strong_actor_ptr& proxy);

 private:
  caf::error live() override;
  void part() override { child_ = process(); }
  caf::error refusal() override { return {}; }

  process child_;
};

}  // namespace bulkhead::actors::detail
