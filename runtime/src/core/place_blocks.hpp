#pragma once

#include <bulkhead/detail/payload_block.hpp>
#include <optional>
#include <vector>

#include "core/block_allocator.hpp"

namespace bulkhead::core {

using detail::payload_block;

/// The blocks of a seat's payload area, each kept by a place of its lane, lent out or free. Not
/// thread-safe.
class place_blocks {
 public:
  place_blocks(std::uint64_t bytes, std::uint32_t places) : allocator_(bytes), places_(places) {}

  /// False until the first message that needs a block.
  [[nodiscard]] bool any() const noexcept { return !kept_.empty(); }
  /// What a place keeps. @limits any().
  [[nodiscard]] payload_block& at(std::uint32_t place) noexcept { return kept_[place]; }

  /// Sees to it that a place keeps a block that fits `bytes`. @returns false when none is free.
  bool provide(std::uint32_t place, std::uint64_t bytes);
  /// A block without a place. @returns one that is not there when none is free.
  payload_block take(std::uint64_t bytes);
  /// What a place keeps and does not use, if it fits. @returns one that is not there otherwise.
  payload_block take_from(std::uint32_t place, std::uint64_t bytes) noexcept;
  /// Gives a block that was taken to a place, which gives up its own.
  void put(std::uint32_t place, payload_block block);
  void give_back(const payload_block& block);
  /// The place's message does, or no longer does, need what the place keeps.
  void use(std::uint32_t place, bool used) noexcept {
    if (any()) kept_[place].set_used(used);
  }
  /// Takes everything back that places keep and do not use.
  void reclaim();
  /// The message at a place, a predecessor's, has these bytes. @returns false when another one has
  /// some of them, or they lie outside.
  bool claim(std::uint32_t place, std::uint64_t offset, std::uint64_t bytes);

 private:
  void grow() {
    if (kept_.empty()) kept_.resize(places_);
  }
  void drop(std::uint32_t place);

  block_allocator allocator_;
  std::uint32_t places_;
  std::vector<payload_block> kept_;  // empty until the first is needed
};

}  // namespace bulkhead::core
