// Restarts of several children because one of them failed.
#include <algorithm>
#include <utility>

#include "core/supervision/supervision.hpp"

namespace bulkhead::core {

// As OTP does, children that were stopped before are started with the others; but one whose stop
// somebody has asked for by name and is waiting for stays stopped. A failure while another group's
// restart is under way adds to that one.
void supervision::begin_group_restart(child& failed, std::chrono::nanoseconds delay, instant now) {
  const bool all = strategy_ == strategy::one_for_all;
  group_not_before_ = std::max(group_not_before_, after(now, delay).value_or(instant::max()));
  children_.newest_first([&](child& c) {
    if (c.id == failed.id || c.regroup || !(all || c.id > failed.id)) return;
    if (c.stage == phase::stopping) return;
    c.regroup = true;
    // A start that is under way, and that somebody may wait for, is still that start.
    if (c.stage == phase::running) children_.move(c, c.stage, start_cause::automatic, std::nullopt);
    if (c.has_process()) return;
    children_.move(c, phase::waiting, start_cause::automatic, std::nullopt);
    c.attempt_at = group_not_before_;
  });
  failed.regroup = true;
  children_.move(failed, phase::waiting, start_cause::automatic, std::nullopt);
  failed.attempt_at = group_not_before_;
  // One that was started for the group and stays in it is still the one that the next waits for.
  const child* starting = children_.find(group_starts_);
  if (starting == nullptr || starting->regroup) group_starts_ = 0;
  go_on_with_group(now);
}

// The child has no process any more, as its group's restart wants it, or by itself meanwhile: that
// is nobody's failure.
void supervision::stopped_for_group(child& c, instant now) {
  const bool stays = std::exchange(c.stays_stopped, false);
  if (stays || c.rules.restart == restart::temporary) {
    c.regroup = false;
    return end_of_stop(c, now);
  }
  children_.move(c, phase::waiting);
  c.attempt_at = group_not_before_;
  emit(c, now, events::restarting{0, std::chrono::nanoseconds{0}});
  go_on_with_group(now);
}

// First all are stopped, the newest first, one at a time; then, when the backoff is over, they are
// started in order, each once the one before it is up.
void supervision::go_on_with_group(instant now) {
  if (ending_ || !restarts_groups()) return;
  const auto to_stop = [](const child& c) { return c.regroup && c.has_process(); };
  if (child* c = children_.last(to_stop)) {
    // A later one may have joined the group while an earlier one is being stopped.
    const auto is_stopping = [&](const child& each) {
      return to_stop(each) && each.stage == phase::stopping;
    };
    if (children_.first(is_stopping) == nullptr) begin_stop(*c, now);
    return;
  }
  const child* starting = children_.find(group_starts_);
  if (starting != nullptr && starting->has_process() && starting->stage != phase::running) return;
  child* next = children_.first([](const child& c) { return c.regroup; });
  if (next == nullptr) {
    group_starts_ = 0;
    group_not_before_ = {};
  } else if (now < group_not_before_) {
    children_.move(*next, phase::waiting, group_not_before_);
  } else {
    next->regroup = false;
    group_starts_ = next->id;
    begin_start(*next, next->cause, now);
  }
}

}  // namespace bulkhead::core
