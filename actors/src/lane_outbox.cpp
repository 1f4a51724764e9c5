#include "lane_outbox.hpp"

#include <algorithm>
#include <iterator>

namespace bulkhead::actors::detail {

// Under the lock. Release: who sees that there is none left sees them sent.
void lane_outbox::note_size() noexcept {
  holds_.store(!letters_.empty(), std::memory_order_release);
}

std::size_t lane_outbox::requests() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      letters_.begin(), letters_.end(), [](const letter& one) { return one.asks != nullptr; }));
}

lane_outbox::outcome lane_outbox::put(letter&& message, std::size_t most) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return outcome::closed;
  const std::size_t all = message.bytes + overhead;
  if (!letters_.empty() && bytes() + all > most) return outcome::full;
  letters_.push_back(std::move(message));
  bytes_.fetch_add(all, std::memory_order_relaxed);
  note_size();
  return outcome::kept;
}

std::deque<letter> lane_outbox::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  std::deque<letter> all = std::exchange(letters_, {});
  bytes_.store(0, std::memory_order_relaxed);
  note_size();
  return all;
}

std::vector<letter> lane_outbox::take_requests() {
  const std::lock_guard lock(mutex_);
  const auto first = std::stable_partition(letters_.begin(), letters_.end(),
                                           [](const letter& one) { return one.asks == nullptr; });
  std::vector<letter> all(std::make_move_iterator(first), std::make_move_iterator(letters_.end()));
  letters_.erase(first, letters_.end());
  for (const letter& one : all) bytes_.fetch_sub(one.bytes + overhead, std::memory_order_relaxed);
  note_size();
  return all;
}

}  // namespace bulkhead::actors::detail
