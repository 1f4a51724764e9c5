#include <bulkhead/actors/detail/topic_table.hpp>

#include <algorithm>
#include <atomic>
#include <bulkhead/actors/broker.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <stdexcept>
#include <utility>

#include "outside_unit.hpp"

namespace bulkhead::actors::detail {

namespace {

constexpr const char* every_topic = "*";

}  // namespace

/// Receives a subscriber's answer to one message; destroyed unanswered, there will be none.
class topic_table::reply final : public compat::reply_actor {
 public:
  reply(caf::actor_config& config, std::weak_ptr<topic_table> table, subscription_ptr of,
        std::uint64_t number, caf::message what)
      : reply_actor(config),
        table_(std::move(table)),
        of_(std::move(of)),
        number_(number),
        what_(std::move(what)) {}
  ~reply() override { done(); }

 private:
  void answered() noexcept override { done(); }
  void failed(const caf::error& reason) noexcept override {
    if (!is(reason, errc::full) && !is(reason, errc::peer_restarted)) return done();
    if (is_done_.exchange(true)) return;
    if (const auto table = table_.lock()) table->refused(of_, number_, std::move(what_));
  }
  void done() noexcept {
    if (is_done_.exchange(true)) return;
    if (const auto table = table_.lock()) table->answered(of_);
  }

  const std::weak_ptr<topic_table> table_;
  const subscription_ptr of_;
  const std::uint64_t number_;
  caf::message what_;
  std::atomic<bool> is_done_{false};
};

topic_table::topic_table(caf::actor_system& system, const topic_terms& terms)
    : system_(system), terms_(terms), unit_(std::make_unique<outside_unit>(system)) {}
topic_table::~topic_table() = default;

// -- who is subscribed ---------------------------------------------------------------------------

void topic_table::subscribe(const std::string& topic, const caf::strong_actor_ptr& who) {
  subscription_ptr made;
  {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    const auto found = find(who);
    if (found != all_.end()) {
      (*found)->topics.insert(topic);
      return;
    }
    made = std::make_shared<subscription>();
    made->actor = who;
    made->topics.insert(topic);
    all_.push_back(made);
  }
  compat::on_exit(who, [table = weak_from_this(), weak = std::weak_ptr(made)](const caf::error&) {
    const auto self = table.lock();
    const auto one = weak.lock();
    if (self && one) self->ended(one);
  });
}

void topic_table::unsubscribe(const std::string& topic, const caf::strong_actor_ptr& who) {
  subscription_ptr gone;
  {
    const std::lock_guard lock(mutex_);
    const auto found = find(who);
    if (found == all_.end()) return;
    (*found)->topics.erase(topic);
    if ((*found)->topics.empty()) gone = *found;
  }
  if (gone) ended(gone);
}

// Handles go with no lock held: their actors may go with them.
void topic_table::ended(const subscription_ptr& who) {
  caf::strong_actor_ptr actor;
  std::deque<caf::message> waiting;
  const std::lock_guard lock(mutex_);
  std::erase(all_, who);
  actor.swap(who->actor);
  waiting.swap(who->waiting);
  changed_.notify_all();
}

void topic_table::clear() {
  subscriptions all;
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    all = all_;
  }
  for (const auto& one : all) ended(one);
}

topic_table::subscriptions::iterator topic_table::find(const caf::strong_actor_ptr& who) {
  return std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one->actor == who; });
}

topic_table::subscriptions topic_table::subscribed(const std::string& topic) const {
  subscriptions found;
  for (const auto& one : all_) {
    if (one->topics.count(topic) != 0 || one->topics.count(every_topic) != 0) found.push_back(one);
  }
  return found;
}

overflow_counters topic_table::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

// -- publishing ----------------------------------------------------------------------------------

bool topic_table::has_room(const subscriptions& all) const {
  return std::all_of(all.begin(), all.end(),
                     [this](const auto& one) { return one->waiting.size() < terms_.capacity; });
}

std::error_code topic_table::publish(const std::string& topic, const caf::message& what,
                                     std::chrono::milliseconds how_long) {
  subscriptions all;
  {
    std::unique_lock lock(mutex_);
    all = subscribed(topic);
    if (terms_.overflow == overflow::refuse && !has_room(all)) {
      // Who did not wait asks again, to be told for good.
      if (how_long.count() > 0) ++counters_.refused;
      return make_error_code(errc::full);
    }
    if (terms_.overflow == overflow::block) {
      const auto fits = [&] { return has_room(all = subscribed(topic)); };
      if (!changed_.wait_for(lock, how_long, fits)) {
        return make_error_code(how_long.count() > 0 ? errc::timed_out : errc::full);
      }
    }
    for (const auto& one : all) put(*one, what);
  }
  for (const auto& one : all) hand_out(one);
  return {};
}

void topic_table::put(subscription& to, const caf::message& what) {
  if (to.waiting.size() >= terms_.capacity) {
    if (terms_.overflow == overflow::drop_newest) {
      ++counters_.dropped_newest;
      return;
    }
    to.waiting.pop_front();
    ++counters_.dropped_oldest;
  }
  to.waiting.push_back(what);
}

// -- handing out ---------------------------------------------------------------------------------

// @returns which it is; 0: there is nothing to be handed out, or somebody does.
std::uint64_t topic_table::next_for(subscription& to, caf::message& what) {
  const std::lock_guard lock(mutex_);
  if (to.giver != std::thread::id() || !to.actor || to.waiting.empty() ||
      to.unanswered >= terms_.credit) {
    return 0;
  }
  what = std::move(to.waiting.front());
  to.waiting.pop_front();
  ++to.unanswered;
  to.giver = std::this_thread::get_id();
  changed_.notify_all();
  return ++to.given;
}

// One thread at a time for each, so that they stay in order.
void topic_table::hand_out(const subscription_ptr& to) {
  caf::message what;
  while (const std::uint64_t number = next_for(*to, what)) {
    caf::strong_actor_ptr actor;
    {
      const std::lock_guard lock(mutex_);
      actor = to->actor;
    }
    if (actor) {
      auto answers = compat::make_reply<reply>(system_, weak_from_this(), to, number, what);
      actor->enqueue(
          compat::make_element(std::move(answers), caf::make_message_id(1), std::move(what)),
          unit_.get());
    }
    bool is_refused = false;
    {
      const std::lock_guard lock(mutex_);
      to->giver = {};
      is_refused = std::exchange(to->is_refused, false);
      if (is_refused) to->is_stalled = true;
    }
    if (is_refused) return call_();
  }
}

// Nobody rings when there is room on the way to an actor, or its process is there again.
bool topic_table::tend() {
  subscriptions stalled;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : all_) {
      if (std::exchange(one->is_stalled, false)) stalled.push_back(one);
    }
  }
  for (const auto& one : stalled) hand_out(one);
  const std::lock_guard lock(mutex_);
  return std::any_of(stalled.begin(), stalled.end(),
                     [](const auto& one) { return one->is_stalled; });
}

void topic_table::answered(const subscription_ptr& by) {
  {
    const std::lock_guard lock(mutex_);
    --by->unanswered;
  }
  hand_out(by);
}

// Others may have come meanwhile.
void topic_table::put_back(subscription& to, caf::message what) {
  const bool is_full = to.waiting.size() >= terms_.capacity;
  if (is_full && terms_.overflow == overflow::drop_oldest) {
    ++counters_.dropped_oldest;
    return;
  }
  to.waiting.push_front(std::move(what));
  if (is_full && terms_.overflow == overflow::drop_newest) {
    to.waiting.pop_back();
    ++counters_.dropped_newest;
  }
}

// There was no room on the way to it, or its process is being started again. Said by whoever hands
// it out, and so before the next; else it may have been handled.
void topic_table::refused(const subscription_ptr& by, std::uint64_t number, caf::message what) {
  {
    const std::lock_guard lock(mutex_);
    if (by->giver == std::this_thread::get_id() && by->given == number) {
      --by->unanswered;
      put_back(*by, std::move(what));
      by->is_refused = true;
      return;
    }
  }
  answered(by);  // its handler's own error, or lost with its process
}

// -- for the templates ---------------------------------------------------------------------------

std::shared_ptr<topic_table> make_topic_table(system& sys, const topic_terms& terms) {
  if (terms.capacity == 0) {
    throw std::invalid_argument("spawn_broker: capacity is 0, so nothing could be published");
  }
  if (terms.credit == 0) {
    throw std::invalid_argument("spawn_broker: credit is 0, so nothing could be handed over");
  }
  return std::make_shared<topic_table>(sys.caf(), terms);
}

}  // namespace bulkhead::actors::detail
