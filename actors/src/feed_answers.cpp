// What becomes of a feed's messages: the part of feed_state that reply actors and the actor's end
// call.
#include "feed_state.hpp"

#include <bulkhead/actors/remote_error.hpp>
#include <exception>
#include <utility>

namespace bulkhead::actors::detail {

void feed_state::answered(std::uint64_t message) noexcept {
  lease_map::node_type found;
  {
    std::lock_guard lock(mutex_);
    found = held_.extract(message);
  }
  if (!found) return;
  try {
    if (found.mapped()) found.mapped()->acknowledge();
  } catch (...) {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
  found = {};
  settled(1);
}

void feed_state::failed(std::uint64_t message, const caf::error& reason) noexcept {
  if (compat::is_unexpected(reason) && is_optional(message)) return answered(message);
  if (is(reason, errc::full) && is_refused(message)) return;
  reject(message, is_down(reason) ? feed_errc::actor_down : feed_errc::handler_failed,
         text_of(reason));
}

// A local actor's own error may be of somebody else's end.
bool feed_state::is_down(const caf::error& reason) const {
  if (compat::is_receiver_down(reason)) return true;
  return is_elsewhere_ && (is(reason, errc::peer_crashed) || is(reason, errc::peer_restarted) ||
                           is(reason, errc::closed) || is(reason, errc::gave_up));
}

// CAF itself knows no text of our errors. Who brings one is an actor of the system.
std::string feed_state::text_of(const caf::error& reason) const {
  if (reason && reason.category() == remote_category) return compat::render(system_, reason);
  return compat::text_of(reason);
}

// There was no room on the way: said by the thread itself while it hands it over. Else it is its
// handler's own error.
bool feed_state::is_refused(std::uint64_t message) noexcept {
  const std::lock_guard lock(mutex_);
  if (giving_ != message || giver_ != std::this_thread::get_id()) return false;
  is_refused_ = true;
  return true;
}

bool feed_state::is_optional(std::uint64_t message) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(message);
  return found != held_.end() && found->second && found->second->is_optional();
}

void feed_state::dropped(std::uint64_t message) noexcept {
  reject(message, feed_errc::handler_failed, "the promise of an answer was dropped");
}

void feed_state::reject(std::uint64_t message, std::error_code why,
                        const std::string& reason) noexcept {
  lease_map::node_type found;
  {
    std::lock_guard lock(mutex_);
    found = held_.extract(message);
    if (!found) return;
    if (!failure_) record(why, reason);
    if (!taking_ended_) {
      rejected_.insert(std::move(found));
      changed_.notify_all();
      return;
    }
  }
  found = {};
  settled(1);
}

void feed_state::actor_exited(const caf::error& reason) {
  lease_map left;
  {
    std::lock_guard lock(mutex_);
    actor_down_ = true;
    down_reason_ = text_of(reason);
    // Answers for messages in a dead actor's mailbox came before this, and knew no reason.
    if (!held_.empty() || failure_code_ == feed_errc::actor_down)
      record(feed_errc::actor_down, down_reason_);
    if (taking_ended_) {
      left.swap(held_);
    } else {
      rejected_.merge(held_);
    }
    changed_.notify_all();
  }
  settled(release_in_order(std::move(left)));
}

void feed_state::settled(std::size_t count) noexcept {
  std::lock_guard lock(mutex_);
  unsettled_ -= count;
  changed_.notify_all();
}

// A map's own destruction would go from the last to the first.
std::size_t feed_state::release_in_order(lease_map leases) {
  const std::size_t count = leases.size();
  while (!leases.empty()) leases.erase(leases.begin());
  return count;
}

}  // namespace bulkhead::actors::detail
