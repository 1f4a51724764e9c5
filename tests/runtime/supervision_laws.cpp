// What must follow from what happens, decided without the state machine, and the comparison of the
// two.
#include <algorithm>
#include <variant>

#include "runtime/supervision_script.hpp"
#include "runtime/supervision_world.hpp"

namespace bulkhead_test {

void world::came_up(modelled& m) {
  // One that was killed for its start, or asked to stop before it was up, does not count as up.
  if (m.asked || m.killed) return;
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
  const bool temporary = m.spec.restart == restart::temporary;
  if (ending_) return;
  if (m.stop_wanted) {
    m.stop_wanted = false;
    if (temporary) forget(id);
    return;
  }
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
  if (was_up && temporary) return forget(id);
  if (was_up && m.spec.restart == restart::transient && status == normal_end()) return;
  m.automatic = true;
  m.due = now_;
  if (!blameless) count(id, m);
}

void world::count(child_id id, modelled& m) {
  ++m.failures;
  if (!m.is_down) m.down.emplace_back(now_, instant::max());
  m.is_down = true;
  log_.push_back({id, now_});
  if (options_.intensity.is_unlimited()) return;
  const auto in_window = std::count_if(
      log_.begin(), log_.end(), [&](const counted& each) { return age(each) <= options_.period; });
  if (in_window <= options_.intensity.count()) return;
  must_give_up_ = true;
  ending_ = true;
  for (auto& [each, model] : children_) model.due.reset();
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
  check_counts();
  check_deadlines();
}

void world::check(const commands::start& start) {
  modelled& m = children_.at(start.id);
  law(!ending_, "an ending supervisor starts nothing");
  law(!m.alive, "no two incarnations of a child run at once");
  law(m.due && *m.due <= now_, "no child starts unasked or before its time");
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
    law(rule == brutal_kill && (m.stop_wanted || ending_), "nothing is killed without reason");
    asked_to_stop(kill.id, m);
  }
}

void world::asked_to_stop(child_id id, modelled& m) {
  m.asked = true;
  m.asked_at = now_;
  if (m.stop_wanted) return;
  law(ending_, "only terminate_child and the end of the supervisor stop a child");
  for (const auto& [each, model] : children_) {
    law(each <= id || !model.alive, "children stop in reverse, one at a time");
  }
}

void world::check(const commands::emit& emit) {
  law(emit.event.time == now_, "an event has the time at which it happened");
  if (const auto* wait = std::get_if<events::restarting>(&emit.event.what)) {
    modelled& m = children_.at(*machine_->find(emit.event.child));
    law(wait->attempt == m.failures, "attempts count the failures in a row");
    law(!ending_, "an ending supervisor restarts nothing");
    if (wait->delay.count() == 0) return;
    check_delay(m, wait->delay);
    m.due = now_ + wait->delay;
  } else if (const auto* end = std::get_if<events::gave_up>(&emit.event.what)) {
    law(must_give_up_, "it gives up only above its intensity");
    law(static_cast<std::int64_t>(end->history.size()) == options_.intensity.count() + 1,
        "the history has the failures in the window");
    must_give_up_ = false;
    ++gave_up;
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
    if (m.due || (m.alive && restarts))
      ++waiting;
    else if (m.alive)
      ++active;
  }
  const child_count count = machine_->count_children();
  law(count.specifications == children_.size(), "specifications are counted");
  law(count.restarting + count.active == waiting + active,
      "what has or awaits a process is counted");
  // During the end it is not to be seen from outside when the turn of a child comes that was killed
  // before.
  law(ending_ || count.active == active, "active and restarting are told apart");
  law(machine_->which_children().size() == children_.size(), "lists agree with counts");
}

}  // namespace bulkhead_test
