#include "owned_peer.hpp"

#include <bulkhead/actors/remote_error.hpp>

#include "system_state.hpp"

namespace bulkhead::actors::detail {

// The watch is the lane's first message, so there is room for it.
void owned_peer::start(process child, const caf::strong_actor_ptr& proxy) {
  child_ = std::move(child);
  is_owner_ = static_cast<bool>(child_);
  if (const auto ec = begin_watch(0)) watch_.reason = error_for(ec, {});
  run_pump(proxy);
}

caf::error owned_peer::live() {
  while (!watch_.reason && !is_let_go()) {
    const auto ec = pump_once(say_watching());
    if (ec && !watch_.reason) watch_.reason = error_for(ec, {});
  }
  return watch_.reason.value_or(caf::exit_reason::user_shutdown);
}

void owned_peer::keep(caf::strong_actor_ptr proxy) {
  if (is_owner_) return;
  const std::lock_guard lock(kept_mutex_);
  if (!is_over_) kept_proxy_ = std::move(proxy);
}

// Who watches an actor of somebody else's keeps neither that nor a handle of it.
void owned_peer::take_over(caf::attachable_ptr watchers) {
  caf::error reason = caf::exit_reason::unreachable;
  if (!is_owner_ && watchers != nullptr) {
    const std::lock_guard lock(kept_mutex_);
    if (!is_over_) {
      watchers_ = std::move(watchers);
      only_watches_.store(true, std::memory_order_release);
      return;
    }
    reason = reason_;
  }
  compat::tell_end(watchers, reason);
}

void owned_peer::handle_gone() noexcept {
  if (!only_watches_.load(std::memory_order_relaxed)) return let_go();
  call();
}

// The next incarnation of this process may have a use for an end that came as an argument.
// @returns false: it has to be said that they only watch, and there is no room for that.
bool owned_peer::say_watching() {
  if (said_so_ || stays_open() || !only_watches_.load(std::memory_order_acquire)) return true;
  said_so_ = post_frame(only_watched_frame) != errc::full;
  return said_so_;
}

bool owned_peer::hand_over(const actor_server& lane, const message_codec& codec) {
  if (!remote_peer::hand_over(lane, codec)) return false;
  is_lent_.store(true, std::memory_order_relaxed);
  return true;
}

// Where others may have handles, the process itself ends when they are gone.
void owned_peer::part(const caf::error& reason) {
  const bool goes_on =
      is_owner_ && is_let_go() && !watch_.reason && is_lent_.load(std::memory_order_relaxed);
  if (goes_on) state_->keep_process(child_);
  child_ = process();
  caf::strong_actor_ptr kept;
  caf::attachable_ptr watchers;
  {
    const std::lock_guard lock(kept_mutex_);
    is_over_ = true;
    reason_ = reason;
    kept.swap(kept_proxy_);
    watchers.swap(watchers_);
  }
  compat::tell_end(watchers, reason);
}

}  // namespace bulkhead::actors::detail
