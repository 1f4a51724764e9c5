// What the owner of a supervisor asks of it.
#include <cassert>
#include <set>
#include <utility>

#include "core/supervision/supervision.hpp"

namespace bulkhead::core {

supervision::supervision(const supervisor_options& options, std::string path, random_source random)
    : strategy_{options.strategy},
      auto_shutdown_{options.auto_shutdown},
      path_{std::move(path)},
      random_{std::move(random)},
      window_{options.intensity, options.period} {
  assert(!check_supervisor(options));
  assert(random_);
}

std::optional<refusal> supervision::start(const std::vector<new_child>& children, instant now) {
  if (auto refused = closed_for_requests()) return refused;
  std::set<std::string_view> names;
  for (const new_child& each : children) {
    if (auto refused = check_new(each)) return refused;
    if (!names.insert(each.spec.name).second) {
      return refusal{refused::bad_value, "name", "name " + each.spec.name + " is given twice"};
    }
  }
  first_.assign(children.begin(), children.end());
  starting_ = true;
  start_next_of_first(now);
  return std::nullopt;
}

std::variant<child_id, refusal> supervision::add(const new_child& child, instant now) {
  if (auto refused = closed_for_requests()) return *std::move(refused);
  if (auto refused = check_new(child)) return *std::move(refused);
  auto& c = children_.add(rules_of(child.spec, child.kind));
  const child_id id = c.id;
  begin_start(c, start_cause::by_add, now);
  return id;
}

std::optional<refusal> supervision::terminate(child_id id, instant now) {
  if (auto refused = closed_for_requests()) return refused;
  child* c = children_.find(id);
  if (c == nullptr) return refusal{refused::not_found, "", "there is no such child"};
  if (c->stage == phase::stopped) return std::nullopt;
  thaw(*c, now);
  // It is stopped for its group, or about to be, and then not started again.
  if (c->regroup && c->has_process()) {
    c->stays_stopped = true;
    return std::nullopt;
  }
  if (c->stage == phase::stopping) return std::nullopt;
  c->regroup = false;
  if (c->stage == phase::waiting) {
    end_of_stop(*c, now);
  } else {
    begin_stop(*c, now);
  }
  return std::nullopt;
}

std::optional<refusal> supervision::restart(child_id id, instant now) {
  if (auto refused = closed_for_requests()) return refused;
  child* c = children_.find(id);
  if (c == nullptr) return refusal{refused::not_found, "", "there is no such child"};
  if (auto refused = not_stopped(*c)) return refused;
  c->failures = 0;
  begin_start(*c, start_cause::by_restart_call, now);
  return std::nullopt;
}

std::optional<refusal> supervision::remove(child_id id, instant now) {
  if (auto refused = closed_for_requests()) return refused;
  child* c = children_.find(id);
  if (c == nullptr) return refusal{refused::not_found, "", "there is no such child"};
  if (auto refused = not_stopped(*c)) return refused;
  forget(*c, now);
  return std::nullopt;
}

void supervision::shutdown(instant now) {
  if (!ending_) end({.kind = end_reason::shutdown, .history = {}, .child = {}, .status = {}}, now);
}

// One that was killed for its late start is killed already; another that was, and is stopping, may
// be killed twice.
void supervision::abort(instant now) {
  shutdown(now);
  children_.newest_first([&](child& c) {
    if (!c.has_process() || c.stage == phase::aborting) return;
    children_.move(c, phase::stopping);
    commands_.emplace_back(commands::kill{c.id, c.incarnation});
  });
}

std::optional<child_state> supervision::doing(std::string_view name) const {
  const child* c = children_.find(name);
  return c == nullptr ? std::nullopt : std::optional(state_of(*c));
}

std::optional<child_id> supervision::find(std::string_view name) const {
  const child* c = children_.find(name);
  if (c == nullptr) return std::nullopt;
  return c->id;
}

std::optional<refusal> supervision::closed_for_requests() const {
  if (ending_) return refusal{refused::ending, "", "the supervisor is ending or has ended"};
  if (starting_) return refusal{refused::starting, "", "the supervisor is still starting"};
  return std::nullopt;
}

std::optional<refusal> supervision::check_rules(const child_spec& spec) const {
  if (auto fault = check_child(spec)) return fault;
  if (spec.significant && auto_shutdown_ == auto_shutdown::never) {
    return refusal{refused::bad_value, "significant",
                   "significant must be false where auto_shutdown is never"};
  }
  return std::nullopt;
}

std::optional<refusal> supervision::check_new(const new_child& child) const {
  if (auto fault = check_rules(child.spec)) return fault;
  if (strategy_ == strategy::dynamic) {
    return refusal{refused::bad_value, "strategy",
                   "strategy dynamic has one specification: specify it, and start children of it"};
  }
  const core::child* same = children_.find(child.spec.name);
  if (same == nullptr) return std::nullopt;
  auto taken = not_stopped(*same).value_or(
      refusal{refused::already_present, "name", "it is stopped; restart it, or delete it first"});
  taken.text.insert(0, "there is a child of this name already: ");
  return taken;
}

std::optional<refusal> supervision::not_stopped(const child& c) const {
  const child_state state = core::state_of(c);
  if (state == child_state::stopped) return std::nullopt;
  if (state == child_state::restarting) {
    return refusal{refused::restarting, "name", "it is being restarted"};
  }
  return refusal{refused::already_running, "name", "it is running"};
}

}  // namespace bulkhead::core
