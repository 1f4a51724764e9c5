#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::detail {

/// A piece of a seat's payload area, for one message that does not fit a slot. Private to the
/// process that owns the seat.
///
/// Each place of a lane keeps the block that its last message had, and the next one there uses it
/// again if it fits: whoever finds the place free has found the block as well.
class payload_block {
 public:
  static constexpr std::uint64_t granule = 64;  ///< A cache line: two messages never share one.

  payload_block() noexcept = default;
  /// @limits `offset` is a multiple of the granule; an area has at most 4 GiB (core/queue_layout).
  payload_block(std::uint64_t offset, std::uint64_t bytes) noexcept
      : first_(static_cast<std::uint32_t>(offset / granule)),
        granules_(static_cast<std::uint32_t>((bytes + granule - 1) / granule) & 0x7fff'ffff) {}

  [[nodiscard]] bool is_there() const noexcept { return granules_ != 0; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return first_ * granule; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return granules_ * granule; }
  /// By a message that is not known to be settled.
  [[nodiscard]] bool is_used() const noexcept { return is_used_ != 0; }
  void set_used(bool used) noexcept { is_used_ = used ? 1 : 0; }
  /// True when it holds `wanted` bytes and wastes no more than a quarter of them: what messages
  /// under way may take together is bounded by what they need.
  [[nodiscard]] bool fits(std::uint64_t wanted) const noexcept {
    return is_there() && bytes() >= wanted && bytes() - wanted < wanted / 4 + granule;
  }

 private:
  // One word: every place of a ring keeps one of these.
  std::uint32_t first_ = 0;  // in granules from the area's start
  std::uint32_t granules_ : 31 = 0;
  std::uint32_t is_used_ : 1 = 0;
};
static_assert(sizeof(payload_block) == 8);

}  // namespace bulkhead::detail
