#include "core/place_blocks.hpp"

#include <utility>

namespace bulkhead::core {
bool place_blocks::provide(std::uint32_t place, std::uint64_t bytes) {
  grow();
  if (kept_[place].fits(bytes)) return true;
  drop(place);
  kept_[place] = take(bytes);
  return kept_[place].is_there();
}

payload_block place_blocks::take(std::uint64_t bytes) {
  if (bytes == 0) return {};
  const auto offset = allocator_.allocate(bytes);
  if (!offset) return {};
  return {*offset, bytes};
}

payload_block place_blocks::take_from(std::uint32_t place, std::uint64_t bytes) noexcept {
  if (!any() || kept_[place].is_used() || !kept_[place].fits(bytes)) return {};
  return std::exchange(kept_[place], {});
}

void place_blocks::put(std::uint32_t place, payload_block block) {
  grow();
  drop(place);
  kept_[place] = block;
}

void place_blocks::give_back(const payload_block& block) {
  if (block.is_there()) allocator_.release(block.offset(), block.bytes());
}

void place_blocks::reclaim() {
  for (payload_block& kept : kept_) {
    if (!kept.is_used()) give_back(std::exchange(kept, {}));
  }
}

bool place_blocks::claim(std::uint32_t place, std::uint64_t offset, std::uint64_t bytes) {
  grow();
  // A message may begin within its block's first granule, for the sake of its alignment.
  const std::uint64_t before = offset % payload_block::granule;
  const std::uint64_t all = bytes + before;
  if (!allocator_.claim(offset - before, all)) return false;
  kept_[place] = {offset - before, all};
  kept_[place].set_used(true);
  return true;
}

void place_blocks::drop(std::uint32_t place) { give_back(std::exchange(kept_[place], {})); }

}  // namespace bulkhead::core
