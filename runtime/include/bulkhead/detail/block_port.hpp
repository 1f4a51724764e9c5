#pragma once

#include <algorithm>
#include <bulkhead/detail/queue_port.hpp>
#include <cstring>
#include <span>
#include <utility>

// The fast path of messages that do not fit a slot: a free place that the port was lent keeps a
// block, and if that fits there is nothing to find out. Everything else is out of line.
namespace bulkhead::detail {

/// Into the next place goes the message that lies from `lead` on in a block which the place keeps
/// and has noted as used. @returns what queue_out_port::publish does. @limits the caller is inside
/// the gate.
[[nodiscard]] [[gnu::always_inline]] inline bool publish_put(queue_out_port& port,
                                                             const payload_block& put,
                                                             std::size_t size,
                                                             std::size_t lead) noexcept {
  queue_place* const place = port.next();
  const std::uint64_t at = put.offset() + lead;
  std::memcpy(place->payload, &at, sizeof at);
  return port.publish(place, size);
}

/// The same with a block that the place kept, and did not use.
[[nodiscard]] inline bool publish_block(queue_out_port& port, payload_block& kept, std::size_t size,
                                        std::size_t lead) noexcept {
  kept.set_used(true);
  return publish_put(port, kept, size, lead);
}

/// What the next place keeps. @returns nullptr, outside the gate, if that does not fit or there is
/// no such place; else the caller is inside until publish_block or `gate.leave`.
[[nodiscard]] inline payload_block* open_block(queue_out_port& port, std::uint64_t bytes) noexcept {
  if (!port.gate.enter()) [[unlikely]]
    return nullptr;
  if (port.has_blocks()) [[likely]] {
    payload_block* const kept = port.next_block();
    if (kept->fits(bytes)) [[likely]]
      return kept;
  }
  port.gate.leave();
  return nullptr;
}

// A loan takes the block of a place that comes soon, as a rule the next one's, and its send puts it
// there. Where other sends or loans come between it changes blocks.
inline constexpr std::uint64_t blocks_looked_at = 8;

/// What a place after the next one keeps, if that fits.
[[nodiscard]] [[gnu::noinline]] inline payload_block take_later_block(
    queue_out_port& port, std::uint64_t bytes) noexcept {
  payload_block* const next = port.next_block();
  const std::uint64_t places = std::min(port.room(), blocks_looked_at);
  for (std::uint64_t n = 1; n < places; ++n) {
    if (next[n].fits(bytes)) return std::exchange(next[n], {});
  }
  return {};
}

/// Gives what the next place keeps to a later one without a block. @returns false: there is none.
[[nodiscard]] [[gnu::noinline]] inline bool put_off_block(queue_out_port& port) noexcept {
  payload_block* const next = port.next_block();
  const std::uint64_t places = std::min(port.room(), blocks_looked_at);
  for (std::uint64_t n = 1; n < places; ++n) {
    if (next[n].is_there()) continue;
    next[n] = *next;
    return true;
  }
  return false;
}

/// @returns a block for a loan, and where it is; one that is not there when the slow path is to
/// find one.
[[nodiscard]] [[gnu::always_inline]] inline payload_block lend_block(queue_out_port& port,
                                                                     std::uint64_t bytes,
                                                                     std::byte*& at) noexcept {
  payload_block found;
  if (!port.gate.enter()) [[unlikely]]
    return found;
  if (port.has_blocks()) [[likely]] {
    payload_block* const kept = port.next_block();
    if (kept->fits(bytes)) [[likely]] {
      found = std::exchange(*kept, {});
    } else {
      found = take_later_block(port, bytes);
    }
    at = port.payload + found.offset();
  }
  port.gate.leave();
  return found;
}

/// Gives the next place a block that was lent, as one that is used. @returns false, outside the
/// gate: take the slow path; else the caller is inside until publish_put.
[[nodiscard]] [[gnu::always_inline]] inline bool put_block(queue_out_port& port,
                                                           payload_block lent) noexcept {
  if (!port.gate.enter()) [[unlikely]]
    return false;
  if (port.has_blocks()) [[likely]] {
    payload_block* const kept = port.next_block();
    if (!kept->is_there() || put_off_block(port)) [[likely]] {
      lent.set_used(true);
      *kept = lent;
      return true;
    }
  }
  port.gate.leave();
  return false;
}

/// Where a taken message lies. What stands in shared memory is read once and checked before it is
/// used. @returns nothing: the slow path is to find out.
[[nodiscard]] inline std::span<const std::byte> bytes_by_port(const queue_in_port& port,
                                                              const queue_place& place) noexcept {
  const std::size_t size = place.meta >> 32;
  if (size <= port.inline_bytes) return {place.payload, size};
  std::uint64_t offset = 0;
  std::memcpy(&offset, place.payload, sizeof offset);
  if (port.area == nullptr || offset > port.area_bytes || size > port.area_bytes - offset)
      [[unlikely]] {
    return {};
  }
  return {port.area + offset, size};
}

/// T1 to T3 for a message that need not lie in its slot. @returns false: take the slow path. True:
/// taken, and outside the gate; where `bytes` is nothing, the slow path is to find them.
[[nodiscard]] [[gnu::always_inline]] inline bool take_with_bytes(
    queue_in_port& port, taken& out, bool waits, std::span<const std::byte>& bytes) noexcept {
  if (!port.enter_and_take(out, waits)) [[unlikely]]
    return false;
  bytes = bytes_by_port(port, *out.place);
  port.gate.leave_at(port.gate.position() + 1);
  return true;
}

}  // namespace bulkhead::detail
