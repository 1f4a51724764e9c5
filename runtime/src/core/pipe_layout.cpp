#include "core/pipe_layout.hpp"

#include <algorithm>
#include <bit>
#include <bulkhead/detail/pipe_port.hpp>

namespace bulkhead::core {
namespace {

constexpr std::size_t round_up(std::size_t bytes) { return (bytes + 4095) / 4096 * 4096; }

}  // namespace

pipe_layout::pipe_layout(const pipe_shape& shape) noexcept
    : ring_offset{rings_offset, rings_offset + round_up(shape.directions[0].ring_bytes)},
      total_bytes(ring_offset[1] + round_up(shape.directions[1].ring_bytes)) {}

// Large messages get fewer slots than `capacity`, so that the ring stays in the caches; two at
// least, for one to be filled while the other is read.
pipe_direction shape_direction(std::uint64_t fingerprint, std::uint32_t slot_bytes,
                               std::uint32_t capacity, std::uint64_t ring_bytes) noexcept {
  pipe_direction d;
  d.fingerprint = fingerprint;
  d.slot_bytes = slot_bytes;
  d.capacity = capacity;
  ring_bytes = std::clamp(ring_bytes, pipe_ring_bytes_min, pipe_ring_bytes_max);
  d.ring_bytes = std::bit_ceil(ring_bytes);
  if (slot_bytes == 0) return d;
  const std::uint64_t fit = std::max<std::uint64_t>(2, ring_bytes / slot_bytes);
  d.capacity = static_cast<std::uint32_t>(std::min<std::uint64_t>(capacity, fit));
  d.ring_bytes = std::bit_ceil(std::uint64_t{d.capacity}) * slot_bytes;
  return d;
}

const char* bad_shape(const pipe_shape& shape) noexcept {
  for (const pipe_direction& d : shape.directions) {
    if (d.capacity == 0) return "capacity is 0; a pipe holds at least 1 message";
    if (d.capacity > pipe_capacity_max) return "capacity is above 8388608";
    if (d.slot_bytes != 0) {
      if (d.slot_bytes != detail::pipe_slot_bytes(d.slot_bytes) ||
          d.slot_bytes > detail::pipe_slot_bytes_max) {
        return "slot_bytes is no size of a slot";
      }
      if (d.ring_bytes != std::bit_ceil(std::uint64_t{d.capacity}) * d.slot_bytes) {
        return "ring_bytes is not that of its slots";
      }
    } else if (!std::has_single_bit(d.ring_bytes) || d.ring_bytes < pipe_ring_bytes_min ||
               d.ring_bytes > pipe_ring_bytes_max) {
      return "ring_bytes is no power of two from 4096 to 4 GiB";
    }
  }
  return nullptr;
}

}  // namespace bulkhead::core
