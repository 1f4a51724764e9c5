#pragma once

#include <algorithm>
#include <bulkhead/detail/queue_port.hpp>
#include <cstring>
#include <utility>

// The fast path of messages that do not fit a slot: a free place that the port was lent keeps a
// block, and if that fits there is nothing to find out. Everything else is out of line.
namespace bulkhead::detail {

/// Into the next place goes the message that lies in its block from `lead` on. @returns what
/// queue_out_port::publish does. @limits the caller is inside the gate.
[[nodiscard]] inline bool publish_block(queue_out_port& port, payload_block& kept, std::size_t size,
                                        std::size_t lead) noexcept {
  queue_place* const place = port.next();
  kept.set_used(true);
  const std::uint64_t at = kept.offset() + lead;
  std::memcpy(place->payload, &at, sizeof at);
  return port.publish(place, size);
}

/// What the next place keeps. @returns nullptr, outside the gate, if that does not fit or there is
/// no such place; else the caller is inside until publish_block or `gate.leave`.
[[nodiscard]] inline payload_block* open_block(queue_out_port& port, std::uint64_t bytes) noexcept {
  if (!port.gate.enter()) [[unlikely]]
    return nullptr;
  if (port.room() != 0 && port.blocks_end != nullptr) [[likely]] {
    payload_block* const kept = port.blocks_end - port.room();
    if (kept->fits(bytes)) [[likely]]
      return kept;
  }
  port.gate.leave();
  return nullptr;
}

// A loan takes the block of a place that comes soon, and its send goes there, or changes blocks
// with it.
inline constexpr std::uint64_t blocks_looked_at = 8;

/// @returns a block for a loan, and where it is; one that is not there when the slow path is to
/// find one.
[[nodiscard]] inline payload_block lend_block(queue_out_port& port, std::uint64_t bytes,
                                              std::byte*& at) noexcept {
  payload_block found;
  if (!port.gate.enter()) [[unlikely]]
    return found;
  if (port.blocks_end != nullptr) {
    payload_block* kept = port.blocks_end - port.room();
    for (std::uint64_t n = std::min(port.room(), blocks_looked_at); n != 0; --n, ++kept) {
      if (!kept->fits(bytes)) continue;
      found = std::exchange(*kept, {});
      at = port.payload + found.offset();
      break;
    }
  }
  port.gate.leave();
  return found;
}

/// Gives the next place a block that was lent, whose own goes to a place without one. @returns
/// nullptr, outside the gate: take the slow path; else what the place keeps now, inside.
[[nodiscard]] inline payload_block* put_block(queue_out_port& port,
                                              const payload_block& lent) noexcept {
  if (!port.gate.enter()) [[unlikely]]
    return nullptr;
  if (port.room() != 0 && port.blocks_end != nullptr) [[likely]] {
    payload_block* const kept = port.blocks_end - port.room();
    payload_block* bare = kept;
    payload_block* const end = kept + std::min(port.room(), blocks_looked_at);
    while (bare != end && bare->is_there()) ++bare;
    if (bare != end) [[likely]] {
      *bare = *kept;
      *kept = lent;
      return kept;
    }
  }
  port.gate.leave();
  return nullptr;
}

}  // namespace bulkhead::detail
