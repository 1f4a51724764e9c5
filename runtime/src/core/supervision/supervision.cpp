#include "core/supervision/supervision.hpp"

#include <chrono>
#include <utility>

namespace bulkhead::core {

namespace {

// An end that the child brought about as it should: return from its function, or exit(0). `stopped`
// with success is a child that was asked to end by someone other than its supervisor, and did so.
bool is_normal(const exit_status& status) {
  return status.success() &&
         (status.cause == death_cause::exit || status.cause == death_cause::stopped);
}

// The keeper's death is nobody's failure.
bool is_blameless(const exit_status& status) { return status.cause == death_cause::parent_gone; }

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

void supervision::exited(child_id id, std::uint64_t incarnation, const exit_status& status,
                         instant now) {
  child* c = current(id, incarnation);
  if (c == nullptr) return;
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
      begin_start(c, start_cause::automatic, now);
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
  if (c.stage != phase::starting) return;
  const bool first = c.cause == start_cause::with_supervisor;
  window_.thaw(c.id, now);
  c.up_since = now;
  children_.move(c, phase::running);
  emit(c, now, events::ready{});
  if (first && starting_ && !ending_) start_next_of_first(now);
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
  if (c.cause == start_cause::by_add) return children_.remove(c);
  children_.move(c, phase::stopped);
  if (c.cause == start_cause::with_supervisor) {
    end({.kind = end_reason::start_failed, .history = {}, .child = c.rules.name, .status = status},
        now);
  }
}

// The child was up, and was not asked to end.
void supervision::end_of_run(child& c, const exit_status& status, instant now) {
  emit(c, now, events::exited{status});
  if (ending_) return end_of_stop(c, now);
  if (now - c.up_since >= c.rules.backoff.reset_after) c.failures = 0;
  if (c.rules.restart == restart::temporary) return forget(c, now);
  if (c.rules.restart == restart::transient && is_normal(status)) {
    return children_.move(c, phase::stopped);
  }
  if (!is_blameless(status)) return count_failure(c, status, now);
  emit(c, now, events::restarting{c.failures, std::chrono::nanoseconds{0}});
  begin_start(c, start_cause::automatic, now);
}

void supervision::count_failure(child& c, const exit_status& status, instant now) {
  ++c.failures;
  if (window_.count(c.id, {now, c.rules.name, c.incarnation, status}, now)) {
    std::vector<failure> history = window_.history();
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
  if (c.rules.restart == restart::temporary) forget(c, now);
}

void supervision::forget(child& c, instant now) {
  emit(c, now, events::deleted{});
  children_.remove(c);
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

void supervision::end(end_reason reason, instant now) {
  ending_ = std::move(reason);
  children_.newest_first([&](child& c) {
    if (c.stage != phase::waiting) return;
    children_.move(c, phase::stopped);
    emit(c, now, events::stopped{});
  });
  newest_to_stop_ = children_.last_id();
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
