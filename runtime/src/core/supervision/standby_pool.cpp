#include "core/supervision/standby_pool.hpp"

#include <algorithm>

namespace bulkhead::core {

std::size_t standby_pool::missing(instant now) const noexcept {
  if (!keeps_ || now < not_before_ || spares_.size() >= wanted_) return 0;
  // While they fail one at a time is enough to see whether they still do.
  const std::size_t all = wanted_ - spares_.size();
  if (failures_ == 0) return all;
  const bool one_is_tried = std::any_of(spares_.begin(), spares_.end(),
                                        [](const auto& each) { return !each.second.waits; });
  return one_is_tried ? 0 : 1;
}

void standby_pool::started(serial which, instant now) {
  spares_[which].late_at = after(now, patience_);
}

void standby_pool::start_failed(instant now, const random_source& random) { fail(now, random); }

void standby_pool::waits(serial which) {
  const auto found = spares_.find(which);
  if (found == spares_.end()) return;
  found->second = {true, std::nullopt};
  failures_ = 0;
}

void standby_pool::dismissed(serial which) {
  const auto found = spares_.find(which);
  if (found != spares_.end()) found->second = {};
}

bool standby_pool::promoted(serial which) { return spares_.erase(which) != 0; }

bool standby_pool::ended(serial which, bool blameless, instant now, const random_source& random) {
  if (spares_.erase(which) == 0) return false;
  if (keeps_ && !blameless) fail(now, random);
  return true;
}

// The child's own first restart waits for nothing; so does the first replacement.
void standby_pool::fail(instant now, const random_source& random) {
  ++failures_;
  not_before_ = after(now, backoff_delay(backoff_, failures_, random)).value_or(instant::max());
}

std::optional<standby_pool::serial> standby_pool::first_waiting() const noexcept {
  for (const auto& [which, s] : spares_) {
    if (s.waits) return which;
  }
  return std::nullopt;
}

std::vector<standby_pool::serial> standby_pool::take_late(instant now) {
  std::vector<serial> late;
  for (auto& [which, s] : spares_) {
    if (!s.late_at || *s.late_at > now) continue;
    late.push_back(which);
    s.late_at.reset();
  }
  return late;
}

std::vector<standby_pool::serial> standby_pool::all() const {
  std::vector<serial> every;
  for (const auto& [which, s] : spares_) every.push_back(which);
  return every;
}

std::uint32_t standby_pool::waiting() const noexcept {
  return static_cast<std::uint32_t>(std::count_if(
      spares_.begin(), spares_.end(), [](const auto& each) { return each.second.waits; }));
}

std::optional<instant> standby_pool::next_deadline() const noexcept {
  std::optional<instant> next;
  if (keeps_ && spares_.size() < wanted_ && not_before_ != instant::max()) next = not_before_;
  for (const auto& [which, s] : spares_) {
    if (s.late_at && (!next || *s.late_at < *next)) next = s.late_at;
  }
  return next;
}

}  // namespace bulkhead::core
