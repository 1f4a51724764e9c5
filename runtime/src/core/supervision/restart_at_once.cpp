// What a supervisor would decide, so that its keeper can be told before.
#include <algorithm>

#include "core/supervision/supervision.hpp"

namespace bulkhead::core {

// In a group others are stopped first, which takes its time.
const child* supervision::running_alone(child_id id) const {
  if (ending_ || restarts_groups()) return nullptr;
  const child* c = children_.find(id);
  return c != nullptr && c->stage == phase::running ? c : nullptr;
}

bool supervision::restarts_at_once(child_id id, std::uint64_t incarnation,
                                   const exit_status& status, instant now) const {
  const child* c = running_alone(id);
  if (c == nullptr || c->incarnation != incarnation || !is_restarted(c->rules, status)) {
    return false;
  }
  if (is_blameless(status)) return true;
  const bool forgets = now - c->up_since >= c->rules.backoff.reset_after;
  return is_without_delay(c->rules.backoff, (forgets ? 0 : c->failures) + 1) &&
         window_.room(now) != 0 && (!c->budget || c->budget->room(now) != 0);
}

std::optional<instant> supervision::restarts_at_once_from(child_id id, instant now) const {
  const child* c = running_alone(id);
  if (c == nullptr || c->rules.restart == restart::temporary) return std::nullopt;
  auto from = window_.room_from(now);
  if (c->budget && from) {
    const auto own = c->budget->room_from(now);
    from = own ? std::optional(std::max(*from, *own)) : std::nullopt;
  }
  if (!from || is_without_delay(c->rules.backoff, c->failures + 1)) return from;
  const auto forgotten = after(c->up_since, c->rules.backoff.reset_after);
  return forgotten ? std::optional(std::max(*from, *forgotten)) : std::nullopt;
}

}  // namespace bulkhead::core
