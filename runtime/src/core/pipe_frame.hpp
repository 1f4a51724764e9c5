#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bulkhead::core {

// A ring of bytes: frames one after the other, each a head and a message or a piece of one, in
// units of 16 bytes. A frame lies in one piece; where it would not, a pad fills the ring's end.

inline constexpr std::size_t frame_unit = 16;
/// The bytes of a message begin 12 bytes in, so that a container's elements, behind their count,
/// are aligned.
inline constexpr std::size_t frame_head_bytes = 12;

struct frame_head {
  static constexpr std::uint32_t first = 1;  ///< Bits of `kind`; a whole message is both.
  static constexpr std::uint32_t last = 2;
  static constexpr std::uint32_t pad = 4;

  std::uint32_t bytes = 0;  ///< Of the message, or the piece.
  std::uint32_t kind = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(frame_head) == frame_head_bytes);

[[nodiscard]] constexpr std::uint64_t units_of_frame(std::size_t bytes) noexcept {
  return (frame_head_bytes + bytes + frame_unit - 1) / frame_unit;
}

/// A position in such a ring: units since the beginning and, beside them, messages begun, so that
/// one store tells both. Both wrap; only differences count.
struct frame_position {
  static constexpr int units_bits = 40;
  static constexpr std::uint64_t units_mask = (std::uint64_t{1} << units_bits) - 1;
  static constexpr std::uint64_t count_mask = (std::uint64_t{1} << 24) - 1;

  std::uint64_t word = 0;

  [[nodiscard]] std::uint64_t units() const noexcept { return word & units_mask; }
  [[nodiscard]] std::uint64_t count() const noexcept { return word >> units_bits; }
  [[nodiscard]] frame_position after(std::uint64_t units, std::uint64_t messages) const noexcept {
    const std::uint64_t u = (this->units() + units) & units_mask;
    const std::uint64_t c = (count() + messages) & count_mask;
    return {c << units_bits | u};
  }
  [[nodiscard]] std::uint64_t units_since(frame_position earlier) const noexcept {
    return (units() - earlier.units()) & units_mask;
  }
  [[nodiscard]] std::uint64_t count_since(frame_position earlier) const noexcept {
    return (count() - earlier.count()) & count_mask;
  }
};

}  // namespace bulkhead::core
