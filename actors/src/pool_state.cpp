#include "pool_state.hpp"

#include <algorithm>
#include <bulkhead/detail/codec_base.hpp>
#include <utility>

#include "outside_unit.hpp"
#include "remote_proxy.hpp"
#include "supervised_peer.hpp"

namespace bulkhead::actors::detail {

void pool_state::add(const caf::strong_actor_ptr& actor) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto is_it = [&](const worker& one) { return one.actor == actor; };
    if (std::any_of(workers_.begin(), workers_.end(), is_it)) return;
    number = next_number_++;
    workers_.push_back({actor, number, dynamic_cast<supervised_peer*>(peer_of(actor))});
  }
  compat::on_exit(actor, [pool = weak_from_this(), number](const caf::error&) {
    if (const auto self = pool.lock()) self->forget(number);
  });
}

// Whoever asks has a handle, so that none ends here.
bool pool_state::remove(const caf::strong_actor_ptr& actor) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(workers_, [&](const worker& one) { return one.actor == actor; }) > 0;
}

void pool_state::forget(std::uint64_t number) {
  caf::strong_actor_ptr gone;  // with no lock held: the actor may go with it
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(workers_.begin(), workers_.end(),
                                  [&](const worker& one) { return one.number == number; });
  if (found == workers_.end()) return;
  gone.swap(found->actor);
  workers_.erase(found);
}

std::vector<caf::strong_actor_ptr> pool_state::workers() const {
  std::vector<caf::strong_actor_ptr> all;
  const std::lock_guard lock(mutex_);
  for (const worker& one : workers_) all.push_back(one.actor);
  return all;
}

// -- who gets it ---------------------------------------------------------------------------------

std::optional<pool_state::chosen> pool_state::choose(std::optional<std::size_t> key,
                                                     const worker_load* besides) {
  const worker* const found = key ? by_key(*key, besides) : in_turn(besides);
  if (found == nullptr) return std::nullopt;
  return chosen{found->actor, found->load};
}

const pool_state::worker* pool_state::in_turn(const worker_load* besides) {
  const worker* found = pick(besides, false);
  if (found == nullptr) found = pick(besides, true);
  if (found == nullptr && besides != nullptr) found = pick(nullptr, true);
  if (found != nullptr) next_ = static_cast<std::size_t>(found - workers_.data()) + 1;
  return found;
}

const pool_state::worker* pool_state::pick(const worker_load* besides, bool also_away) {
  const bool by_load = policy_.how() == pool_policy::kind::least_loaded;
  const worker* best = nullptr;
  for (std::size_t n = 0; n < workers_.size(); ++n) {
    const worker& one = workers_[(next_ + n) % workers_.size()];
    if (one.load.get() == besides) continue;
    if (!also_away && one.supervised != nullptr && one.supervised->is_away()) continue;
    if (!by_load) return &one;
    if (best == nullptr || *one.load < *best->load) best = &one;
  }
  return best;
}

// The one that the key and its number together make the highest: who comes or goes moves its own
// keys alone.
const pool_state::worker* pool_state::by_key(std::size_t key, const worker_load* besides) const {
  const worker* best = nullptr;
  std::uint64_t highest = 0;
  for (const worker& one : workers_) {
    if (one.load.get() == besides && workers_.size() > 1) continue;
    const std::uint64_t rank = bulkhead::detail::mix(bulkhead::detail::mix(key, 1), one.number);
    if (best != nullptr && rank < highest) continue;
    best = &one;
    highest = rank;
  }
  return best;
}

// -- giving it -----------------------------------------------------------------------------------

caf::error pool_state::give(caf::mailbox_element_ptr& message, compat::unit* host) {
  if (policy_.how() == pool_policy::kind::broadcast) return give_all(message, host);
  const auto key = policy_.key_of(message->content());
  std::optional<chosen> to;
  {
    const std::lock_guard lock(mutex_);
    to = choose(key, nullptr);
  }
  if (!to) return caf::sec::request_receiver_down;
  const std::uint32_t more = message->mid.is_request() ? max_attempts_ - 1 : 0;
  const bool counts = policy_.how() == pool_policy::kind::least_loaded;
  // One that is on its way along a chain of actors is only handed on.
  if ((more == 0 && !counts) || compat::is_in_chain(*message)) {
    to->actor->enqueue(std::move(message), host);
    return {};
  }
  const auto order =
      compat::make_proxy<pool_order>(*to->actor->home_system, weak_from_this(), *message,
                                     compat::take_content(*message), key, more);
  hand_over(static_cast<pool_order&>(*order->get()), *to, host);
  return {};
}

bool pool_state::give_again(pool_order& order, compat::unit* host) {
  const std::shared_ptr<worker_load> failed = order.load();
  std::optional<chosen> to;
  {
    const std::lock_guard lock(mutex_);
    to = choose(order.key(), failed.get());
  }
  if (!to) return false;
  hand_over(order, *to, host);
  return true;
}

void pool_state::hand_over(pool_order& order, const chosen& to, compat::unit* host) {
  order.count_for(to.load);
  to.actor->enqueue(order.element(), host);
}

caf::error pool_state::give_all(caf::mailbox_element_ptr& message, compat::unit* host) {
  const std::vector<caf::strong_actor_ptr> all = workers();
  if (all.empty()) return caf::sec::request_receiver_down;
  caf::strong_actor_ptr sender = message->sender;
  if (message->mid.is_request()) {
    sender = compat::make_proxy<pool_question>(*all.front()->home_system, *message, all.size());
  }
  const caf::message content = compat::take_content(*message);
  for (const auto& one : all) {
    one->enqueue(compat::make_element(sender, message->mid, content), host);
  }
  return {};
}

void pool_state::end(const caf::error& reason) {
  for (const auto& one : workers()) {
    outside_unit unit(*one->home_system);
    one->enqueue(compat::exit_message(reason), &unit);
  }
}

}  // namespace bulkhead::actors::detail
