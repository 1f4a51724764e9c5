#include "core/supervision/restart_window.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace bulkhead::core {

bool restart_window::count(child_id id, failure what, instant now) {
  if (intensity_.is_unlimited()) return false;
  std::erase_if(entries_, [&](const entry& e) { return expired(e, now); });
  for (entry& e : entries_) {
    if (e.id == id && !e.frozen_at) e.frozen_at = now;
  }
  entries_.push_back({id, now, now, std::move(what)});
  return static_cast<std::int64_t>(entries_.size()) > intensity_.count();
}

std::size_t restart_window::room(instant now) const {
  if (intensity_.is_unlimited()) return std::numeric_limits<std::size_t>::max();
  const auto counted = static_cast<std::size_t>(std::count_if(
      entries_.begin(), entries_.end(), [&](const entry& e) { return !expired(e, now); }));
  const auto most = static_cast<std::size_t>(intensity_.count());
  return most > counted ? most - counted : 0;
}

std::optional<instant> restart_window::room_from(instant now) const {
  if (room(now) != 0) return now;
  std::vector<instant> ages;  // of those that leave by themselves
  for (const entry& e : entries_) {
    const auto gone = after(e.counted_from, period_ + std::chrono::nanoseconds{1});
    if (!e.frozen_at && gone) ages.push_back(*gone);
  }
  const std::size_t must_leave = entries_.size() + 1 - static_cast<std::size_t>(intensity_.count());
  if (must_leave > ages.size()) return std::nullopt;
  std::sort(ages.begin(), ages.end());
  return ages[must_leave - 1];
}

void restart_window::thaw(child_id id, instant now) {
  for (entry& e : entries_) {
    if (e.id != id || !e.frozen_at) continue;
    e.counted_from += now - *e.frozen_at;
    e.frozen_at.reset();
  }
}

std::vector<failure> restart_window::history() const {
  std::vector<failure> all;
  all.reserve(entries_.size());
  for (const entry& e : entries_) all.push_back(e.what);
  return all;
}

bool restart_window::expired(const entry& e, instant now) const {
  return e.frozen_at.value_or(now) - e.counted_from > period_;
}

}  // namespace bulkhead::core
