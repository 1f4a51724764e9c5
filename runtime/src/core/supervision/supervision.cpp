#include "core/supervision/supervision.hpp"

#include <chrono>
#include <utility>

namespace bulkhead::core {

namespace {

exit_status timed_out(exit_status status, std::chrono::nanoseconds limit) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  status.cause = death_cause::start_failure;
  status.text = "it was not up within " + std::to_string(ms) + " ms";
  return status;
}

}  // namespace

// -- reports --------------------------------------------------------------------------------------

void supervision::started(child_id id, std::uint64_t incarnation, std::int32_t pid, instant now) {
  child* c = current(id, incarnation);
  if (c == nullptr || c->entered) return;
  c->entered = true;
  c->pid = pid;
  emit(*c, now, events::started{});
  if (c->rules.ready == readiness::on_entry) up(*c, now);
}

void supervision::ready(child_id id, std::uint64_t incarnation, instant now) {
  if (child* c = current(id, incarnation)) up(*c, now);
}

void supervision::start_failed(child_id id, std::uint64_t incarnation, const exit_status& why,
                               instant now) {
  exited(id, incarnation, why, now);
}

void supervision::hung(child_id id, std::uint64_t incarnation, instant now) {
  if (const child* c = current(id, incarnation)) emit(*c, now, events::hung{});
}

void supervision::exited(child_id id, std::uint64_t incarnation, const exit_status& status,
                         instant now) {
  child* c = current(id, incarnation);
  if (c == nullptr) return;
  if (status.cause == death_cause::memory_limit || status.cause == death_cause::cpu_limit) {
    emit(*c, now, events::limit_hit{status.cause});
  }
  if (c->regroup && !ending_) {  // whatever it ended by, it was to be stopped
    emit(*c, now, events::exited{status});
    return stopped_for_group(*c, now);
  }
  switch (c->stage) {
    case phase::starting:
      return end_of_start(*c, status, now);
    case phase::aborting:
      return end_of_start(
          *c, is_blameless(status) ? status : timed_out(status, c->rules.start_timeout), now);
    case phase::running:
      return end_of_run(*c, status, now);
    default:
      emit(*c, now, events::exited{status});
      return end_of_stop(*c, now);
  }
}

void supervision::tick(instant now) {
  for (child* due = children_.next_due(); due != nullptr; due = children_.next_due()) {
    child& c = *due;
    if (*c.deadline > now) return;
    if (c.stage == phase::waiting) {
      if (c.regroup) {
        children_.move(c, phase::waiting);
        go_on_with_group(now);
      } else {
        begin_start(c, start_cause::automatic, now);
      }
      continue;
    }
    // Late in coming up, or late in stopping: either way only its end is left to wait for.
    children_.move(c, c.stage == phase::starting ? phase::aborting : phase::stopping);
    commands_.emplace_back(commands::kill{c.id, c.incarnation});
  }
}

// -- a child's life -------------------------------------------------------------------------------

child* supervision::current(child_id id, std::uint64_t incarnation) {
  child* c = children_.find(id);
  return c != nullptr && c->has_process() && c->incarnation == incarnation ? c : nullptr;
}

void supervision::begin_start(child& c, start_cause cause, instant now) {
  ++c.incarnation;
  c.pid = 0;
  c.entered = false;
  c.attempt_at = now;
  children_.move(c, phase::starting, cause, after(now, c.rules.start_timeout));
  commands_.emplace_back(commands::start{c.id, c.incarnation});
}

void supervision::up(child& c, instant now) {
  if (c.stage != phase::starting || c.regroup) return;  // about to be stopped: not up any more
  const bool first = c.cause == start_cause::with_supervisor;
  thaw(c, now);
  c.up_since = now;
  children_.move(c, phase::running);
  emit(c, now, events::ready{});
  if (first && starting_ && !ending_) start_next_of_first(now);
  if (c.id == group_starts_) go_on_with_group(now);
}

// The child ended before it was up.
void supervision::end_of_start(child& c, const exit_status& status, instant now) {
  if (ending_) {
    emit(c, now, events::start_failed{status});
    return end_of_stop(c, now);
  }
  if (is_blameless(status)) return begin_start(c, c.cause, now);
  if (c.cause == start_cause::automatic) {
    emit(c, now, events::restart_failed{status});
    return count_failure(c, status, now);
  }
  emit(c, now, events::start_failed{status});
  if (c.cause == start_cause::by_add) {
    children_.remove(c);
    return go_on_with_group(now);
  }
  children_.move(c, phase::stopped);
  if (c.cause == start_cause::by_restart_call) return go_on_with_group(now);
  end({.kind = end_reason::start_failed, .history = {}, .child = c.rules.name, .status = status},
      now);
}

// The child was up, and was not asked to end.
void supervision::end_of_run(child& c, const exit_status& status, instant now) {
  emit(c, now, events::exited{status});
  if (ending_) return end_of_stop(c, now);
  if (now - c.up_since >= c.rules.backoff.reset_after) c.failures = 0;
  if (!is_restarted(c.rules, status)) {
    const bool was_significant = c.rules.significant;
    if (is_forgotten_when_stopped(c)) {
      forget(c, now);
    } else {
      children_.move(c, phase::stopped);
    }
    return end_if_significant(was_significant, now);
  }
  if (!is_blameless(status)) return count_failure(c, status, now);
  emit(c, now, events::restarting{c.failures, std::chrono::nanoseconds{0}});
  // In a group others may need it: they are started again with it, in their order.
  if (restarts_groups()) return begin_group_restart(c, std::chrono::nanoseconds{0}, now);
  begin_start(c, start_cause::automatic, now);
}

void supervision::count_failure(child& c, const exit_status& status, instant now) {
  ++c.failures;
  const failure what{now, c.rules.name, c.incarnation, status};
  // Both count it, whichever has enough.
  const bool is_over_budget = c.budget && c.budget->count(c.id, what, now);
  if (window_.count(c.id, what, now) || is_over_budget) {
    std::vector<failure> history = is_over_budget ? c.budget->history() : window_.history();
    children_.move(c, phase::stopped);
    emit(c, now, events::gave_up{history});
    return end({.kind = end_reason::gave_up,
                .history = std::move(history),
                .child = c.rules.name,
                .status = status},
               now);
  }
  const auto delay = backoff_delay(c.rules.backoff, c.failures, random_);
  emit(c, now, events::restarting{c.failures, delay});
  if (restarts_groups()) return begin_group_restart(c, delay, now);
  if (delay.count() == 0) return begin_start(c, start_cause::automatic, now);
  c.attempt_at = after(now, delay).value_or(instant::max());
  children_.move(c, phase::waiting, c.attempt_at);
}

void supervision::begin_stop(child& c, instant now) {
  using kind = shutdown_rule::kind;
  const bool killed_already = c.stage == phase::aborting;
  const shutdown_rule& rule = c.rules.shutdown;
  const bool limited = rule.how() == kind::within && !killed_already;
  children_.move(c, phase::stopping, limited ? after(now, rule.time()) : std::nullopt);
  if (killed_already) return;
  if (rule.how() == kind::brutal_kill) {
    commands_.emplace_back(commands::kill{c.id, c.incarnation});
  } else {
    commands_.emplace_back(commands::request_stop{c.id, c.incarnation});
  }
}

// The child has no process any more, as it was asked, or its supervisor.
void supervision::end_of_stop(child& c, instant now) {
  children_.move(c, phase::stopped);
  emit(c, now, events::stopped{});
  if (ending_) return stop_next(now);
  if (is_forgotten_when_stopped(c)) forget(c, now);
  go_on_with_group(now);
}

void supervision::forget(child& c, instant now) {
  emit(c, now, events::deleted{});
  children_.remove(c);
}

// Its failures age on.
void supervision::thaw(child& c, instant now) {
  window_.thaw(c.id, now);
  if (c.budget) c.budget->thaw(c.id, now);
}

// -- the supervisor's own start and end -----------------------------------------------------------

void supervision::start_next_of_first(instant now) {
  if (first_.empty()) {
    starting_ = false;
    commands_.emplace_back(commands::all_started{});
    return;
  }
  child& c = children_.add(rules_of(first_.front().spec, first_.front().kind));
  first_.pop_front();
  begin_start(c, start_cause::with_supervisor, now);
}

// Called when a child ended by itself and is not started again. With `all_significant` those count
// that have a process or are going to have one.
void supervision::end_if_significant(bool was_significant, instant now) {
  if (!was_significant || auto_shutdown_ == auto_shutdown::never) return;
  const auto counts = [](const child& c) {
    return c.rules.significant && c.stage != phase::stopped;
  };
  if (auto_shutdown_ == auto_shutdown::all_significant && children_.first(counts) != nullptr) {
    return;
  }
  end({.kind = end_reason::auto_shutdown, .history = {}, .child = {}, .status = {}}, now);
}

void supervision::end(end_reason reason, instant now) {
  ending_ = std::move(reason);
  children_.newest_first([&](child& c) {
    c.regroup = false;
    if (c.stage != phase::waiting) return;
    children_.move(c, phase::stopped);
    emit(c, now, events::stopped{});
  });
  newest_to_stop_ = children_.last_id();
  if (strategy_ == strategy::dynamic) stop_all(now);
  stop_next(now);
}

// One at a time, the last one first; a stop that is under way has its time already.
void supervision::stop_next(instant now) {
  if (ended_) return;
  child* c = children_.last_with_process(newest_to_stop_);
  if (c == nullptr) {
    ended_ = true;
    commands_.emplace_back(commands::ended{*ending_});
    return;
  }
  newest_to_stop_ = c->id;
  if (c->stage != phase::stopping) {
    begin_stop(*c, now);
  }
}

}  // namespace bulkhead::core
