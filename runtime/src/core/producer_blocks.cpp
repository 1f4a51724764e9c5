#include <new>

#include "core/producer.hpp"

// Messages that do not fit a slot: the blocks that places keep, and those that are lent.
namespace bulkhead::core {

// Blocks that lie idle at other places are taken back before the area counts as full.
bool producer::find_block(std::uint32_t index, std::uint64_t bytes) {
  if (blocks_.provide(index, bytes)) return true;
  sweep(0, look::thorough);
  blocks_.reclaim();
  return blocks_.provide(index, bytes);
}

bool producer::reserve_memory(const payload_block& block) {
  std::byte* area = payload_->write(seat_, block.offset() + block.bytes());
  if (area == nullptr) return false;
  area_ = area;
  return true;
}

outcome producer::make_bytes(std::size_t size, std::size_t lead, place& out) {
  out.size = size;
  out.block = place::no_block;
  const std::uint32_t index = index_of(out.position);
  if (size <= queue_->shape().inline_bytes) {
    out.bytes = queue_->slot_at(seat_, index).payload;
    return outcome::done;
  }
  if (size > queue_->layout().payload_bytes || size > message_bytes_max) return outcome::too_large;
  // Where its lead makes it too long, it does without.
  if (!find_block(index, size + lead)) {
    if (lead == 0 || !blocks_.provide(index, size)) return outcome::full;
    lead = 0;
  }
  if (!reserve_memory(blocks_.at(index))) {
    blocks_.put(index, {});
    return outcome::no_memory;
  }
  block_wanted_ = size + lead;
  out.block = blocks_.at(index).offset() + lead;
  out.bytes = area_ + out.block;
  return outcome::done;
}

// From a place that comes soon, whose block was used last of all that are idle, by a send that goes
// there by itself next: so a loan and its send leave the places as they were.
outcome producer::lend_block(std::uint64_t bytes, payload_block& out, std::byte*& at) {
  constexpr int places_looked_at = 8;
  if (bytes > queue_->layout().payload_bytes) return outcome::too_large;
  ring_walk walk = next_;
  for (int n = 0; n < places_looked_at && !out.is_there(); ++n, walk.step()) {
    out = blocks_.take_from(index_of(walk.at()), bytes);
  }
  if (!out.is_there()) out = blocks_.take(bytes);
  if (!out.is_there()) {
    sweep(0, look::thorough);
    blocks_.reclaim();
    out = blocks_.take(bytes);
  }
  if (!out.is_there()) return outcome::full;
  if (!reserve_memory(out)) {
    blocks_.give_back(out);
    out = {};
    return outcome::no_memory;
  }
  block_wanted_ = bytes;
  at = area_ + out.offset();
  return outcome::done;
}

outcome producer::reserve_lent(const payload_block& block, std::size_t size, std::size_t lead,
                               place& out, look how) {
  if (const outcome found = find_place(out, how); found != outcome::done) return found;
  if (!claim_for(out)) return outcome::full;
  blocks_.put(index_of(out.position), block);
  out.size = size;
  out.block = block.offset() + lead;
  out.bytes = area_ + out.block;
  return outcome::done;
}

// Places are lent after a message was published, so that nothing may be thrown.
bool producer::provide_ahead(std::uint32_t index) noexcept {
  try {
    if (!blocks_.provide(index, block_wanted_)) return false;
    if (reserve_memory(blocks_.at(index))) return true;
    blocks_.put(index, {});
  } catch (const std::bad_alloc&) {
    // The message that comes there looks for a block of its own.
  }
  return false;
}

// The port uses what its places keep. Where messages have begun to need blocks, places that have
// none yet get one beforehand, up to a number of bytes that small messages gain by and large ones
// need not.
void producer::lend_blocks(detail::queue_out_port& port, std::uint32_t first,
                           std::uint32_t count) noexcept {
  constexpr std::uint64_t ahead_max = 64 * 1024;
  port.blocks_end = nullptr;
  // Without a block of our own there is no area yet: those that places have are a predecessor's.
  if (!blocks_.any() || area_ == nullptr) return;
  std::uint64_t ahead = block_wanted_;
  for (std::uint32_t n = 0; n < count && ahead <= ahead_max; ++n) {
    if (blocks_.at(first + n).is_there()) continue;
    if (!provide_ahead(first + n)) break;
    ahead += block_wanted_;
  }
  port.blocks_end = &blocks_.at(first) + count;
  port.payload = area_;
}

}  // namespace bulkhead::core
