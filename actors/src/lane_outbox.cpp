#include "lane_outbox.hpp"

#include <algorithm>
#include <iterator>

namespace bulkhead::actors::detail {

// Under the lock. Release: who sees that there is none left sees them sent.
void lane_outbox::note_size() noexcept {
  holds_.store(!letters_.empty(), std::memory_order_release);
}

// Under the lock. The sender may have let its request go with the last piece.
void lane_outbox::note_gone(const letter& one) noexcept {
  bytes_.fetch_sub(one.bytes + overhead, std::memory_order_relaxed);
  if (one.is_counted) requests_.fetch_sub(1, std::memory_order_relaxed);
}

lane_outbox::outcome lane_outbox::put(letter&& message, std::size_t most) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return outcome::closed;
  const std::size_t all = message.bytes + overhead;
  if (!letters_.empty() && bytes() + all > most) return outcome::full;
  message.is_counted = message.asks != nullptr;
  if (message.is_counted) requests_.fetch_add(1, std::memory_order_relaxed);
  letters_.push_back(std::move(message));
  bytes_.fetch_add(all, std::memory_order_relaxed);
  note_size();
  return outcome::kept;
}

std::deque<letter> lane_outbox::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  std::deque<letter> all = std::exchange(letters_, {});
  for (const letter& one : all) note_gone(one);
  note_size();
  return all;
}

std::vector<letter> lane_outbox::take_requests() {
  const std::lock_guard lock(mutex_);
  const auto first = std::stable_partition(letters_.begin(), letters_.end(),
                                           [](const letter& one) { return one.asks == nullptr; });
  std::vector<letter> all(std::make_move_iterator(first), std::make_move_iterator(letters_.end()));
  letters_.erase(first, letters_.end());
  for (const letter& one : all) note_gone(one);
  note_size();
  return all;
}

}  // namespace bulkhead::actors::detail
