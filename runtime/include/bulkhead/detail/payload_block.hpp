#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::detail {

/// A piece of a seat's payload area, for one message that does not fit a slot. Private to the
/// process that owns the seat.
///
/// Each place of a lane keeps the block that its last message had, and the next one there uses it
/// again if it fits: whoever finds the place free has found the block as well.
struct payload_block {
  static constexpr std::uint64_t granule = 64;  ///< A cache line: two messages never share one.
  static constexpr std::uint64_t nowhere = ~std::uint64_t{0};

  std::uint64_t offset = nowhere;  ///< In the area; a multiple of the granule.
  std::uint32_t granules = 0;
  std::uint32_t is_used = 0;  ///< Not 0: by a message that is not known to be settled.

  [[nodiscard]] bool is_there() const noexcept { return offset != nowhere; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return granules * granule; }
  /// True when it holds `wanted` bytes and wastes no more than a quarter of them: what messages
  /// under way may take together is bounded by what they need.
  [[nodiscard]] bool fits(std::uint64_t wanted) const noexcept {
    return is_there() && bytes() >= wanted && bytes() - wanted < wanted / 4 + granule;
  }
};

}  // namespace bulkhead::detail
