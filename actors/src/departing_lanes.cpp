#include "departing_lanes.hpp"

#include <algorithm>
#include <iterator>

namespace bulkhead::actors::detail {

void departing_lanes::keep(actor_client lane) {
  const std::lock_guard lock(mutex_);
  std::erase_if(lanes_, [](const actor_client& one) { return !one.core().end(); });
  lanes_.push_back(std::move(lane));
}

// Closed without the lock, since the keeper is asked for that.
void departing_lanes::withdraw(const std::vector<std::uint64_t>& ids) {
  std::vector<actor_client> going;
  const std::lock_guard lock(mutex_);
  const auto first = std::partition(lanes_.begin(), lanes_.end(), [&](const actor_client& one) {
    const auto& end = one.core().end();
    return end && std::find(ids.begin(), ids.end(), end.id()) == ids.end();
  });
  going.assign(std::make_move_iterator(first), std::make_move_iterator(lanes_.end()));
  lanes_.erase(first, lanes_.end());
}

// As withdraw.
void departing_lanes::close() {
  std::vector<actor_client> going;
  const std::lock_guard lock(mutex_);
  going.swap(lanes_);
}

departing_names::~departing_names() {
  if (lanes_ != nullptr && !found_.ids().empty()) lanes_->withdraw(found_.ids());
}

}  // namespace bulkhead::actors::detail
