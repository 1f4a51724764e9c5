#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/call_continuation.hpp>
#include <cstdint>

namespace bulkhead::actors::detail {

class remote_peer;

/// A request under way: told of the answer it brings that to the asker, on the pump's unit, and
/// goes.
/// @owns it holds the proxy, and with that the peer.
class pending_request final : public bulkhead::detail::call_continuation {
 public:
  pending_request(remote_peer& peer, caf::strong_actor_ptr proxy, caf::strong_actor_ptr asker,
                  caf::message_id id, std::uint32_t signature)
      : peer_(&peer),
        proxy_(std::move(proxy)),
        asker_(std::move(asker)),
        id_(id),
        signature_(signature) {}

  bool replied(std::span<const std::byte> value,
               bulkhead::detail::message_endpoints& opened) override;
  void failed(const call_failure& why) noexcept override;
  /// It was not sent: brings the asker the error. @threads any. Not one that was told.
  void refuse(caf::error why) const;

 private:
  void give(caf::mailbox_element_ptr answer);

  remote_peer* peer_;  // the pump keeps it
  caf::strong_actor_ptr proxy_;
  caf::strong_actor_ptr asker_;
  caf::message_id id_;
  std::uint32_t signature_;
};

}  // namespace bulkhead::actors::detail
