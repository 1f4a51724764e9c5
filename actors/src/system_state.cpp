#include "system_state.hpp"

#include <algorithm>
#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/errc.hpp>
#include <future>
#include <thread>
#include <utility>

#include "served_lane.hpp"
#include "signal_block.hpp"

namespace bulkhead::actors::detail {

namespace {

// CAF has no wait with a deadline for its actors' end. Most end in much less than the longest step.
constexpr std::chrono::microseconds first_step{50};
constexpr std::chrono::milliseconds longest_step{5};
// For CAF's destructor, also when the actors took all of the time. It needs less than one.
constexpr std::chrono::milliseconds destruction_least{100};

std::unique_ptr<caf_world> make_world(std::unique_ptr<caf::actor_system_config> config) {
  signal_block none;
  prepare(*config);
  auto world = std::make_unique<caf_world>(std::move(config));
  compat::forget_logger();
  return world;
}

// All have been asked; each by itself would be waited for as long as it may take to stop.
void end_processes(std::vector<process> all, std::chrono::steady_clock::time_point deadline) {
  using clock = std::chrono::steady_clock;
  std::error_code ignored;
  for (const process& one : all) {
    const auto left = std::max(deadline - clock::now(), clock::duration::zero());
    if (!one.join_for(left, ignored)) one.kill(ignored);
  }
}

}  // namespace

system_state::system_state(bulkhead::runtime& rt, std::unique_ptr<caf::actor_system_config> config,
                           const system_options& options)
    : runtime_(&rt), options_(options), world_(make_world(std::move(config))) {
  compat::mark(world_->system, this);
}

// Actors that are left behind refer to their system.
system_state::~system_state() {
  if (left_behind_) static_cast<void>(world_.release());
}

system_state* system_state::of(caf::actor_system& system) {
  return static_cast<system_state*>(compat::mark_of(system));
}

std::shared_ptr<feed_state> system_state::add_feed(std::unique_ptr<feed_input> input,
                                                   caf::strong_actor_ptr actor,
                                                   std::size_t credit) {
  std::lock_guard lock(mutex_);
  if (ending_)
    throw bulkhead::error(bulkhead::errc::runtime_gone,
                          "feeding an actor of a system that has ended");
  std::erase_if(feeds_, [](const auto& feed) { return feed.expired(); });
  auto feed = std::make_shared<feed_state>(world_->system, std::move(input), actor, credit);
  feeds_.push_back(feed);
  note_to_end(actor);
  feed->start();
  return feed;
}

void system_state::end_with_system(const caf::strong_actor_ptr& actor) {
  const std::lock_guard lock(mutex_);
  note_to_end(actor);
}

// Under the lock.
void system_state::note_to_end(const caf::strong_actor_ptr& actor) {
  std::erase_if(fed_, [](const auto& one) { return one.lock() == nullptr; });
  fed_.push_back(caf::actor_cast<caf::weak_actor_ptr>(actor));
}

// Under the lock. The last of them.
pump_unit& system_state::free_unit() {
  if (ending_) {
    throw bulkhead::error(bulkhead::errc::runtime_gone,
                          "starting an actor by a system that has ended");
  }
  reap_threads();
  if (free_units_.empty()) {
    world_->units.push_back(std::make_unique<pump_unit>(world_->system));
    free_units_.push_back(world_->units.back().get());
  }
  return *free_units_.back();
}

pump_unit& system_state::own_unit() {
  const std::lock_guard lock(mutex_);
  world_->units.push_back(std::make_unique<pump_unit>(world_->system));
  return *world_->units.back();
}

void system_state::drop_thread(const std::shared_ptr<lane_thread>& thread) {
  const std::lock_guard lock(mutex_);
  std::erase_if(threads_, [&](const thread_place& place) {
    if (place.thread != thread) return false;
    free_units_.push_back(place.unit);
    return true;
  });
}

void system_state::serve(actor_server lane, const message_codec& codec,
                         const caf::strong_actor_ptr& actor) {
  const auto served = add_thread([&](pump_unit& unit) {
    return std::make_shared<served_lane>(std::move(lane), codec, *this, unit);
  });
  start_or_drop(served, [&] { served->start(actor); });
}

bool system_state::keeps(caf::actor_id actor) {
  const std::lock_guard lock(mutex_);
  return std::any_of(threads_.begin(), threads_.end(),
                     [actor](const thread_place& place) { return place.thread->keeps(actor); });
}

void system_state::keep_process(process& child) {
  const std::lock_guard lock(mutex_);
  if (ending_) return;
  std::erase_if(lent_, [](const process& one) { return !one.running(); });
  lent_.push_back(std::move(child));
}

// Under the lock.
void system_state::reap_threads() {
  std::erase_if(threads_, [&](const thread_place& place) {
    if (!place.thread->is_done()) return false;
    place.thread->finish();
    free_units_.push_back(place.unit);
    return true;
  });
}

// Not under the lock while it waits: they may look for it.
bool system_state::threads_gone_by(clock::time_point deadline) {
  auto step = std::chrono::nanoseconds(first_step);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      reap_threads();
      if (threads_.empty()) return true;
      if (clock::now() >= deadline) {
        for (const thread_place& place : threads_) place.thread->finish();
        threads_.clear();
        return false;
      }
    }
    std::this_thread::sleep_for(step);
    step = std::min(step * 2, std::chrono::nanoseconds(longest_step));
  }
}

end_report system_state::end(std::chrono::milliseconds time) {
  if (!world_ || left_behind_) return {};
  if (!home_.is_this()) {
    // A forked copy has the memory and not the threads: nothing here may be destroyed.
    static_cast<void>(world_.release());
    return {};
  }
  const auto start = clock::now();
  std::vector<std::weak_ptr<feed_state>> feeds;
  std::vector<caf::weak_actor_ptr> fed;
  std::vector<process> lent;
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    feeds.swap(feeds_);
    fed.swap(fed_);
    lent.swap(lent_);
    // What is under way to other processes is told its end, and holds its askers no more.
    for (const thread_place& place : threads_) place.thread->let_go();
  }
  departing_->close();
  std::error_code ignored;
  for (const process& one : lent) one.request_stop(ignored);
  for (const auto& feed : feeds) {
    if (auto state = feed.lock()) state->stop();
  }
  // What an actor is handling is still acknowledged when it is done; what waits for it is answered
  // for it, and released.
  send_exits(fed, caf::exit_reason::user_shutdown);
  if (!empty_by(start + time * 4 / 5)) {
    send_exits(fed, caf::exit_reason::kill);
    static_cast<void>(empty_by(start + time));
  }
  for (const auto& feed : feeds) {
    if (auto state = feed.lock()) state->abandon(bulkhead::errc::runtime_gone);
  }
  fed.clear();
  const bool threads_gone = threads_gone_by(start + time);
  end_processes(std::move(lent), start + time);
  compat::unmark(world_->system);
  const std::size_t left = compat::running(world_->system);
  if (left == 0 && threads_gone) {
    left_behind_ = !destroyed_by(std::max(start + time, clock::now() + destruction_least));
    return {!left_behind_, 0};
  }
  // CAF's destructor would wait for them for ever.
  left_behind_ = true;
  return {false, left};
}

// CAF's destructor waits, with no end of its own, until no thread but ours has a reference to the
// logger.
bool system_state::destroyed_by(clock::time_point deadline) {
  compat::forget_logger();
  std::promise<void> done;
  auto is_done = done.get_future();
  signal_block none;
  std::thread destroyer([world = std::move(world_), done = std::move(done)]() mutable {
    world.reset();
    done.set_value();
  });
  const bool in_time = is_done.wait_until(deadline) == std::future_status::ready;
  if (in_time) {
    destroyer.join();
  } else {
    destroyer.detach();
  }
  return in_time;
}

// By a unit of ours: for one that is elsewhere a plain thread would wait for room in its lane.
void system_state::send_exits(const std::vector<caf::weak_actor_ptr>& actors,
                              caf::exit_reason reason) {
  pump_unit& unit = own_unit();
  for (const auto& one : actors) {
    if (auto actor = one.lock()) actor->enqueue(compat::exit_message(reason), &unit);
  }
  unit.hand_over();
}

bool system_state::empty_by(clock::time_point deadline) {
  auto step = std::chrono::nanoseconds(first_step);
  while (compat::running(world_->system) > 0) {
    if (clock::now() >= deadline) return false;
    std::this_thread::sleep_for(step);
    step = std::min(step * 2, std::chrono::nanoseconds(longest_step));
  }
  return true;
}

}  // namespace bulkhead::actors::detail
