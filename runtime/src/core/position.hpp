#pragma once

#include <cstdint>

namespace bulkhead::core {

// A position names one message place in the life of a lane: lap << 24 | index. Laps have 38 bits
// and wrap, so positions are compared modulo; two that are compared are never 2^37 laps apart (a
// lane of 1024 slots at 10 M messages a second wraps after ten months, and nothing stays held that
// long without being met).
using position = std::uint64_t;

inline constexpr unsigned index_bits = 24;
inline constexpr unsigned lap_bits = 38;
inline constexpr std::uint32_t ring_slots_max = 1u << index_bits;
inline constexpr std::uint64_t lap_mask = (std::uint64_t{1} << lap_bits) - 1;
inline constexpr std::uint64_t position_mask = (std::uint64_t{1} << (lap_bits + index_bits)) - 1;

constexpr position make_position(std::uint64_t lap, std::uint32_t index) noexcept {
  return ((lap & lap_mask) << index_bits) | index;
}
constexpr std::uint64_t lap_of(position p) noexcept { return (p >> index_bits) & lap_mask; }
constexpr std::uint32_t index_of(position p) noexcept {
  return static_cast<std::uint32_t>(p & (ring_slots_max - 1));
}

/// True for what may be a place in a ring of `ring_slots` slots: a word of shared memory may be
/// anything.
constexpr bool is_position(std::uint64_t p, std::uint32_t ring_slots) noexcept {
  return p <= position_mask && index_of(p) < ring_slots;
}

/// The position after `p` in a ring of `ring_slots` slots.
constexpr position next(position p, std::uint32_t ring_slots) noexcept {
  const std::uint32_t index = index_of(p) + 1;
  return index == ring_slots ? make_position(lap_of(p) + 1, 0) : make_position(lap_of(p), index);
}

/// The same index one lap earlier. Before lap 0 comes the last lap, which every word of lap 0
/// counts as newer than.
constexpr position one_lap_back(position p) noexcept {
  return make_position(lap_of(p) - 1, index_of(p));
}

/// True when `a` comes before `b`.
constexpr bool before(position a, position b) noexcept {
  return static_cast<std::int64_t>((a - b) << (64 - lap_bits - index_bits)) < 0;
}

/// True when lap `a` is newer than lap `b`.
constexpr bool newer_lap(std::uint64_t a, std::uint64_t b) noexcept {
  return static_cast<std::int64_t>((a - b) << (64 - lap_bits)) > 0;
}

static_assert(before(make_position(lap_mask, 3), make_position(0, 0)), "positions compare modulo");
static_assert(next(make_position(lap_mask, 7), 8) == make_position(0, 0),
              "the last lap wraps to the first");

}  // namespace bulkhead::core
