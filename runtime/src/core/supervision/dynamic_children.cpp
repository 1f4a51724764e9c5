// Children of one specification, which know nothing of each other.
#include <string>
#include <utility>

#include "core/supervision/supervision.hpp"

namespace bulkhead::core {

std::optional<refusal> supervision::specify(const new_child& each) {
  if (auto refused = closed_for_requests()) return refused;
  if (strategy_ != strategy::dynamic) {
    return refusal{refused::bad_value, "strategy",
                   "strategy must be dynamic where many children share one specification"};
  }
  if (every_child_) {
    return refusal{refused::bad_value, "name",
                   "name " + each.spec.name + " comes late: the specification was given before, " +
                       every_child_->name};
  }
  if (auto refused = check_rules(each.spec)) return refused;
  every_child_ = rules_of(each.spec, each.kind);
  return std::nullopt;
}

std::variant<child_id, refusal> supervision::add_dynamic(instant now) {
  if (auto refused = closed_for_requests()) return *std::move(refused);
  if (!every_child_) return refusal{refused::not_found, "", "there is no specification yet"};
  child_rules rules = *every_child_;
  rules.name += '-';
  rules.name += std::to_string(children_.last_id() + 1);
  child& c = children_.add(std::move(rules));
  const child_id id = c.id;
  begin_start(c, start_cause::by_add, now);
  return id;
}

// All at once, so that the whole takes as long as the slowest. Once, so that the ends of many cost
// no more than each on its own.
void supervision::stop_all(instant now) {
  children_.newest_first([&](child& c) {
    if (c.has_process() && c.stage != phase::stopping) begin_stop(c, now);
  });
}

}  // namespace bulkhead::core
