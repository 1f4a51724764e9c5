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
    const auto ec = pump_once();
    if (ec && !watch_.reason) watch_.reason = error_for(ec, {});
  }
  return watch_.reason.value_or(caf::exit_reason::user_shutdown);
}

void owned_peer::keep(caf::strong_actor_ptr proxy) {
  if (is_owner_) return;
  const std::lock_guard lock(kept_mutex_);
  if (!is_over_) kept_proxy_ = std::move(proxy);
}

bool owned_peer::hand_over(const actor_server& lane, const message_codec& codec) {
  if (!remote_peer::hand_over(lane, codec)) return false;
  is_lent_.store(true, std::memory_order_relaxed);
  return true;
}

// Where others may have handles, the process itself ends when they are gone.
void owned_peer::part() {
  const bool goes_on = is_let_go() && !watch_.reason && is_lent_.load(std::memory_order_relaxed);
  if (goes_on) state_->keep_process(child_);
  child_ = process();
  caf::strong_actor_ptr kept;
  const std::lock_guard lock(kept_mutex_);
  is_over_ = true;
  kept.swap(kept_proxy_);
}

}  // namespace bulkhead::actors::detail
