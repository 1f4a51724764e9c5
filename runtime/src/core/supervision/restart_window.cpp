#include "core/supervision/restart_window.hpp"

#include <cstdint>
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
