#pragma once

#include <bulkhead/detail/payload_block.hpp>
#include <cstdint>
#include <map>
#include <optional>

namespace bulkhead::core {

/// Hands out blocks of a seat's payload area, lowest address first, so that few pages are ever
/// touched. Its state is private to the process that owns the seat: a block is used exactly as long
/// as the slot that names it is not free, so the next incarnation rebuilds it from the lane and a
/// dead consumer can harm nothing. Not thread-safe.
class block_allocator {
 public:
  static constexpr std::uint64_t granule = detail::payload_block::granule;

  explicit block_allocator(std::uint64_t bytes);

  /// @returns the offset of a block of `bytes` (rounded up to granules), or nothing when none is
  /// left that large.
  std::optional<std::uint64_t> allocate(std::uint64_t bytes);
  /// Gives back what `allocate` or `claim` gave out. Where there is no memory to note it, it is
  /// lost to this process.
  void release(std::uint64_t offset, std::uint64_t bytes) noexcept;
  /// Takes a given block out of the free ones. @returns false when it is not free: two messages
  /// claim it, or it lies outside.
  bool claim(std::uint64_t offset, std::uint64_t bytes);

  [[nodiscard]] std::uint64_t free_bytes() const noexcept { return free_bytes_; }

 private:
  std::map<std::uint64_t, std::uint64_t> free_;  // offset -> bytes, never adjacent
  std::uint64_t free_bytes_;
};

}  // namespace bulkhead::core
