// What must follow from what happens, decided without the state machine, and the comparison of the
// two.
#include <algorithm>
#include <variant>

#include "runtime/supervision_script.hpp"
#include "runtime/supervision_world.hpp"

namespace bulkhead_test {

void world::came_up(modelled& m) {
  // One that was killed for its start, or asked to stop before it was up, does not count as up.
  if (m.asked || m.killed || m.to_stop) return;
  m.up = true;
  m.unproven = false;
  m.up_at = now_;
  end_down(m);
}

void world::end_down(modelled& m) {
  if (std::exchange(m.is_down, false)) m.down.back().second = now_;
}

void world::died(child_id id, modelled& m, const exit_status& status) {
  const bool was_up = std::exchange(m.up, false);
  m.alive = false;
  expect_after(id, m, status, was_up);
  machine_->exited(id, m.incarnation, status, now_);
  drain();
}

void world::expect_after(child_id id, modelled& m, const exit_status& status, bool was_up) {
  if (ending_) return;
  if (m.to_stop || m.stop_wanted) return expect_after_stop(id, m);
  const bool blameless = status.cause == death_cause::parent_gone;
  if (!was_up && blameless) {
    m.due = now_;
    return;
  }
  if (!was_up && !m.automatic) {
    if (m.unproven) forget(id);
    return;
  }
  if (was_up && now_ - m.up_at >= m.spec.backoff.reset_after) m.failures = 0;
  if (was_up && !is_restarted(m.spec, status)) return expect_no_restart(id, m);
  m.automatic = true;
  if (!blameless) count(id, m);
  if (ending_) return;
  if (restarts_groups()) return regroup(id);
  m.due = now_;
}

// It was asked to stop: by name, or for its group's restart.
void world::expect_after_stop(child_id id, modelled& m) {
  const bool for_group = std::exchange(m.to_stop, false);
  const bool stays = std::exchange(m.stays, false) || std::exchange(m.stop_wanted, false);
  if (m.spec.restart == restart::temporary || (stays && is_forgotten(m))) return forget(id);
  m.in_group = for_group && !stays;
}

bool world::is_restarted(const child_spec& spec, const exit_status& status) {
  const auto names = [&](const exit_rule& rule) {
    const auto& all = status.signal != 0 ? rule.signals : rule.codes;
    return std::count(all.begin(), all.end(), status.signal != 0 ? status.signal : status.code) > 0;
  };
  if (spec.restart == restart::temporary) return false;
  if (status.cause == death_cause::parent_gone) return true;
  if (names(spec.no_restart_on)) return false;
  return names(spec.restart_on) || spec.restart == restart::permanent || status != normal_end();
}

void world::expect_no_restart(child_id id, modelled& m) {
  const bool significant = m.spec.significant && options_.auto_shutdown != auto_shutdown::never;
  if (is_forgotten(m)) forget(id);
  if (!significant) return;
  const bool others = std::any_of(children_.begin(), children_.end(), [&](const auto& each) {
    const modelled& o = each.second;
    return each.first != id && o.spec.significant && (o.alive || o.due || o.in_group);
  });
  if (options_.auto_shutdown == auto_shutdown::all_significant && others) return;
  ++reached_.significant;
  begin_end();
}

void world::begin_end() {
  ending_ = true;
  for (auto& [id, m] : children_) {
    m.due.reset();
    m.in_group = m.to_stop = false;
  }
}

// Its group: all others, or those after it. Stopped by name is stopped.
void world::regroup(child_id failed) {
  for (auto& [id, m] : children_) {
    const bool follows = options_.strategy == strategy::one_for_all || id > failed;
    if (id == failed || !follows || m.to_stop || m.in_group || m.stop_wanted) continue;
    if (m.alive) {
      m.to_stop = true;
      ++reached_.group_stops;
      if (m.up) m.automatic = true;
    } else {
      m.in_group = m.automatic = true;
      m.due.reset();
    }
  }
  children_.at(failed).in_group = true;
  const auto starter = children_.find(group_starter_);
  if (starter != children_.end() && (starter->second.to_stop || starter->second.in_group)) {
    group_starter_ = 0;
  }
}

void world::count(child_id id, modelled& m) {
  ++m.failures;
  if (!m.is_down) m.down.emplace_back(now_, instant::max());
  m.is_down = true;
  log_.push_back({id, now_});
  const auto& own = m.spec.budget;
  const bool over_budget = own && too_many(id, own->intensity, own->period);
  if (!over_budget && !too_many(0, options_.intensity, options_.period)) return;
  reached_.over_budget += over_budget ? 1 : 0;
  const restart_limit most = over_budget ? own->intensity : options_.intensity;
  history_ = static_cast<std::size_t>(most.count()) + 1;
  must_give_up_ = true;
  begin_end();
}

// More failures in the window than `most`, of one child or (0) of all.
bool world::too_many(child_id only, restart_limit most, std::chrono::nanoseconds period) const {
  if (most.is_unlimited()) return false;
  const auto counts = [&](const counted& each) {
    return (only == 0 || each.id == only) && age(each) <= period;
  };
  return std::count_if(log_.begin(), log_.end(), counts) > most.count();
}

std::chrono::nanoseconds world::age(const counted& each) const {
  auto time = now_ - each.at;
  for (const auto& [from, to] : pasts_of(each.id)) {
    const instant begin = std::max(from, each.at);
    const instant end = std::min(to, now_);
    if (end > begin) time -= end - begin;
  }
  return time;
}

const std::vector<std::pair<instant, instant>>& world::pasts_of(child_id id) const {
  const auto at = children_.find(id);
  return at != children_.end() ? at->second.down : forgotten_.at(id);
}

void world::drain() {
  ++reached_.events;
  for (const auto& command : machine_->take_commands()) {
    law(!ended_, "nothing follows the end");
    std::visit([this](const auto& each) { check(each); }, command);
  }
  law(!must_give_up_, "a failure above the intensity makes the supervisor give up");
  for (const auto id : gone_) {
    forgotten_[id] = children_.at(id).down;
    children_.erase(id);
  }
  gone_.clear();
  if (std::none_of(children_.begin(), children_.end(),
                   [](const auto& each) { return each.second.to_stop || each.second.in_group; })) {
    group_not_before_ = {};
    if (!group_waits_for_start()) group_starter_ = 0;
  }
  if (restarts_groups() && !ending_) check_group();
  if (ending_ && !ended_) check_end();
  check_counts();
  check_deadlines();
}

void world::check(const commands::start& start) {
  modelled& m = children_.at(start.id);
  law(!ending_, "an ending supervisor starts nothing");
  law(!m.alive, "no two incarnations of a child run at once");
  if (m.in_group) {
    check_group_start(start.id);
    m.in_group = false;
  } else {
    law(m.due && *m.due <= now_, "no child starts unasked or before its time");
  }
  law(start.incarnation == m.incarnation + 1, "incarnations count up");
  m.due.reset();
  m.incarnation = start.incarnation;
  m.alive = true;
  m.entered = m.asked = m.killed = m.stop_wanted = false;
  m.started_at = now_;
}

void world::check(const commands::request_stop& stop) {
  modelled& m = children_.at(stop.id);
  law(m.alive && m.incarnation == stop.incarnation, "only a live process is asked to stop");
  law(!m.asked && !m.killed, "a process is asked to stop once");
  law(m.spec.shutdown != brutal_kill, "brutal_kill does not ask");
  asked_to_stop(stop.id, m);
}

void world::check(const commands::kill& kill) {
  modelled& m = children_.at(kill.id);
  law(m.alive && m.incarnation == kill.incarnation, "only a live process is killed");
  law(!m.killed, "a process is killed once");
  m.killed = true;
  const shutdown_rule rule = m.spec.shutdown.resolved(child_kind::worker);
  const bool start_is_late = !m.up && now_ - m.started_at >= m.spec.start_timeout;
  if (m.asked) {
    law(rule.how() == shutdown_rule::kind::within && now_ - m.asked_at >= rule.time(),
        "a process has its whole time to stop");
  } else if (!start_is_late) {
    law(rule == brutal_kill && (m.stop_wanted || m.to_stop || ending_),
        "nothing is killed without reason");
    asked_to_stop(kill.id, m);
  }
}

void world::asked_to_stop(child_id id, modelled& m) {
  m.asked = true;
  m.asked_at = now_;
  if (m.stop_wanted) return;
  if (m.to_stop) {
    law(id == last_to_stop(), "a group stops in reverse");
    for (const auto& [each, model] : children_) {
      law(each == id || !model.to_stop || !model.asked, "a group stops one at a time");
    }
    return;
  }
  law(ending_, "nothing stops a child but its name, its group and its supervisor's end");
  if (is_dynamic()) return;
  for (const auto& [each, model] : children_) {
    law(each <= id || !model.alive, "children stop in reverse, one at a time");
  }
}

void world::check(const commands::emit& emit) {
  law(emit.event.time == now_, "an event has the time at which it happened");
  if (const auto* wait = std::get_if<events::restarting>(&emit.event.what)) {
    modelled& m = children_.at(*machine_->find(emit.event.child));
    law(wait->attempt == m.failures || (m.in_group && wait->attempt == 0),
        "attempts count the failures in a row");
    law(!ending_, "an ending supervisor restarts nothing");
    if (wait->delay.count() == 0) return;
    check_delay(m, wait->delay);
    if (m.in_group) {
      group_not_before_ = std::max(group_not_before_, now_ + wait->delay);
    } else {
      m.due = now_ + wait->delay;
    }
  } else if (const auto* end = std::get_if<events::gave_up>(&emit.event.what)) {
    law(must_give_up_, "it gives up only above its intensity");
    law(end->history.size() == history_, "the history has the failures in the window");
    must_give_up_ = false;
    ++reached_.gave_up;
  }
}

void world::check_delay(const modelled& m, std::chrono::nanoseconds delay) const {
  const backoff_options& backoff = m.spec.backoff;
  law(m.failures >= 2, "the first restart does not wait");
  double whole = static_cast<double>(backoff.initial.count());
  for (std::uint64_t i = 2; i < m.failures && whole < 1e18; ++i) whole *= backoff.factor;
  whole = std::min(whole, static_cast<double>(backoff.max.count()));
  const auto waits = static_cast<double>(delay.count());
  law(waits <= whole + 1 && waits >= whole * (1 - backoff.jitter) - 1, "the backoff as given");
}

void world::check(const commands::ended&) {
  law(ending_, "it ends for a reason");
  for (const auto& [id, m] : children_) law(!m.alive, "it ends after its children");
  ended_ = true;
}

child_id world::last_to_stop() const {
  child_id last = 0;
  for (const auto& [id, m] : children_) {
    if (m.to_stop) last = id;
  }
  return last;
}

// The one that was started last for its group is not up yet, or is being stopped by name.
bool world::group_waits_for_start() const {
  const auto at = children_.find(group_starter_);
  if (at == children_.end()) return false;
  const modelled& m = at->second;
  return m.alive && (!m.up || m.stop_wanted);
}

void world::check_group_start(child_id id) {
  law(last_to_stop() == 0, "a group starts only when all of it has stopped");
  law(now_ >= group_not_before_, "a group waits for its backoff");
  law(!group_waits_for_start(), "a group's child starts only once the one before it is up");
  for (const auto& [each, m] : children_) {
    law(!m.in_group || each >= id, "a group starts in order");
  }
  group_starter_ = id;
  ++reached_.group_starts;
}

// What a group can do next it has begun.
void world::check_group() const {
  if (const child_id last = last_to_stop(); last != 0) {
    const bool stopping = std::any_of(children_.begin(), children_.end(), [](const auto& each) {
      return each.second.to_stop && (each.second.asked || each.second.killed);
    });
    law(stopping, "a group that is to stop is being stopped");
    return;
  }
  const bool waits = std::any_of(children_.begin(), children_.end(),
                                 [](const auto& each) { return each.second.in_group; });
  if (!waits || group_waits_for_start()) return;
  law(now_ < group_not_before_, "a group that can start does");
  law(machine_->next_deadline() <= group_not_before_, "a group's start has a deadline");
}

void world::check_end() const {
  const modelled* last = nullptr;
  for (const auto& [id, m] : children_) {
    if (!m.alive) continue;
    last = &m;
    law(!is_dynamic() || m.asked || m.killed, "dynamic children stop all at once");
  }
  law(last != nullptr && (last->asked || last->killed), "an ending supervisor stops its children");
}

void world::check_deadlines() const {
  const instant next = machine_->next_deadline().value_or(instant::max());
  for (const auto& [id, m] : children_) {
    if (m.due) law(next <= *m.due, "a start that is owed has a deadline");
    if (!m.alive || m.killed) continue;
    const shutdown_rule rule = m.spec.shutdown.resolved(child_kind::worker);
    if (!m.asked && !m.up) {
      law(next <= m.started_at + m.spec.start_timeout, "a start has a deadline");
    } else if (m.asked && rule.how() == shutdown_rule::kind::within) {
      law(next <= m.asked_at + rule.time(), "a stop has a deadline");
    }
  }
}

void world::check_counts() const {
  std::size_t active = 0;
  std::size_t waiting = 0;
  for (const auto& [id, m] : children_) {
    const bool restarts = m.automatic && !m.up && !m.asked && !m.stop_wanted;
    if (m.due || m.in_group || (m.alive && restarts))
      ++waiting;
    else if (m.alive)
      ++active;
  }
  const child_count count = machine_->count_children();
  law(count.specifications == children_.size(), "specifications are counted");
  law(count.restarting + count.active == waiting + active,
      "what has or awaits a process is counted");
  // During the end, and in a group, it is not to be seen from outside when the turn of a child
  // comes that was killed before.
  const bool unseen = std::any_of(children_.begin(), children_.end(), [](const auto& each) {
    return each.second.to_stop && each.second.killed;
  });
  law(ending_ || unseen || count.active == active, "active and restarting are told apart");
  law(machine_->which_children().size() == children_.size(), "lists agree with counts");
}

}  // namespace bulkhead_test
