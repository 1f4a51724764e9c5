#pragma once

#include <compare>
#include <cstdint>

namespace bulkhead {

/// Names one message: no two messages of a tree share it, and a redelivered one keeps it. So a sink
/// that remembers the ids it has stored stores each message once.
struct message_id {
  std::uint64_t queue = 0;
  std::uint64_t position = 0;  ///< Grows with each message of one sender.
  std::uint32_t seat = 0;      ///< The sender.

  friend bool operator==(const message_id&, const message_id&) = default;
  /// Messages of one sender compare by age, as long as fewer than 2^61 others came in between.
  friend std::strong_ordering operator<=>(const message_id& a, const message_id& b) noexcept {
    if (const auto order = a.queue <=> b.queue; order != 0) return order;
    if (const auto order = a.seat <=> b.seat; order != 0) return order;
    return a.position <=> b.position;
  }
};

}  // namespace bulkhead
