#include "core/sent_messages.hpp"

#include <algorithm>

namespace bulkhead::core {

// In order, places that were stepped over count until the hand has passed them.
void sent_messages::add(std::uint32_t index, std::uint32_t count) noexcept {
  next_ = after(index, count);
  if (in_order_) {
    if (count_ == 0) hand_ = index;
    count_ = distance(hand_, index) + count;
    return;
  }
  for (std::uint32_t n = 0; n < count; ++n) held_[after(index, n)] = 1;
  count_ += count;
}

void sent_messages::add_found(std::uint32_t index, std::uint32_t next) noexcept {
  in_order_ = false;
  held_[index] = 1;
  ++count_;
  hand_ = next_ = next;
}

std::uint32_t sent_messages::quick_piece() const noexcept {
  return std::min(count_, capacity_ / 8 + 1);
}

// Back to order, where nothing lies outside of what the hand has before it and there is room enough
// by that count; an eighth of the lane at least, so that a message has eight looks at most to pay
// for, should they be scattered again.
void sent_messages::gather(std::uint32_t enough) noexcept {
  if (count_ == 0) {
    in_order_ = true;
    gathered_ = 0;
    return;
  }
  const std::uint32_t span = distance(hand_, next_);
  if (span == 0 || span > std::min(enough, capacity_ - (capacity_ + 7) / 8)) return;
  std::uint32_t inside = 0;
  for (std::uint32_t n = 0; n < span; ++n) inside += held_[after(hand_, n)];
  if (inside != count_) return;
  for (std::uint32_t n = 0; n < span; ++n) held_[after(hand_, n)] = 0;
  count_ = gathered_ = span;
  in_order_ = true;
}

bool sent_messages::find_oldest(position& at) const noexcept {
  bool found = false;
  const std::uint32_t looks = in_order_ ? count_ : slots_;
  for (std::uint32_t n = 0; n < looks; ++n) {
    const std::uint32_t index = after(hand_, n);
    if (!in_order_ && held_[index] == 0) continue;
    const slot_word w = word(index);
    const position here = make_position(w.lap(), index);
    if (!w.is(slot_state::ready) || (found && !before(here, at))) continue;
    found = true;
    at = here;
    if (in_order_) return true;
  }
  return found;
}

}  // namespace bulkhead::core
