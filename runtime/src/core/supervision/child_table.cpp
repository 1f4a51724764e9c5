#include "core/supervision/child_table.hpp"

#include <cassert>

namespace bulkhead::core {

namespace {

child_info info_of(const child& c) {
  child_info info{.id = c.id,
                  .name = c.rules.name,
                  .kind = c.rules.kind,
                  .restart = c.rules.restart,
                  .state = state_of(c),
                  .pid = c.has_process() ? c.pid : 0,
                  .incarnation = c.incarnation,
                  .next_attempt = std::nullopt};
  if (info.state == child_state::restarting) info.next_attempt = c.attempt_at;
  return info;
}

}  // namespace

child& child_table::add(child_rules rules) {
  const child_id id = ++last_id_;
  const bool name_was_free = names_.emplace(rules.name, id).second;
  assert(name_was_free);
  static_cast<void>(name_was_free);
  child& c = children_[id];
  c.id = id;
  c.rules = std::move(rules);
  if (const auto& own = c.rules.budget) c.budget.emplace(own->intensity, own->period);
  if (c.rules.kind == child_kind::supervisor) ++supervisors_;
  ++in_state(c);
  return c;
}

void child_table::remove(child& c) {
  set_deadline(c, std::nullopt);
  --in_state(c);
  if (c.rules.kind == child_kind::supervisor) --supervisors_;
  names_.erase(c.rules.name);
  children_.erase(c.id);
}

void child_table::move(child& c, phase to, start_cause cause, std::optional<instant> at) {
  --in_state(c);
  c.stage = to;
  c.cause = cause;
  ++in_state(c);
  set_deadline(c, at);
}

child* child_table::find(child_id id) {
  const auto at = children_.find(id);
  return at == children_.end() ? nullptr : &at->second;
}

const child* child_table::find(child_id id) const {
  const auto at = children_.find(id);
  return at == children_.end() ? nullptr : &at->second;
}

const child* child_table::find(std::string_view name) const {
  const auto at = names_.find(name);
  return at == names_.end() ? nullptr : &children_.at(at->second);
}

child* child_table::last_with_process(child_id newest) {
  for (auto at = children_.upper_bound(newest); at != children_.begin();) {
    --at;
    if (at->second.has_process()) return &at->second;
  }
  return nullptr;
}

child* child_table::next_due() {
  return deadlines_.empty() ? nullptr : &children_.at(deadlines_.begin()->second);
}

std::optional<instant> child_table::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

std::optional<child_info> child_table::info(child_id id) const {
  const auto at = children_.find(id);
  if (at == children_.end()) return std::nullopt;
  return info_of(at->second);
}

std::vector<child_info> child_table::which_children() const {
  std::vector<child_info> all;
  all.reserve(children_.size());
  for (auto at = children_.rbegin(); at != children_.rend(); ++at)
    all.push_back(info_of(at->second));
  return all;
}

child_count child_table::count_children() const {
  const auto in = [this](child_state s) { return in_state_[static_cast<std::size_t>(s)]; };
  return {
      .specifications = children_.size(),
      .active = in(child_state::starting) + in(child_state::running) + in(child_state::stopping),
      .supervisors = supervisors_,
      .workers = children_.size() - supervisors_,
      .restarting = in(child_state::restarting)};
}

void child_table::set_deadline(child& c, std::optional<instant> at) {
  if (c.deadline) deadlines_.erase({*c.deadline, c.id});
  c.deadline = at;
  if (c.deadline) deadlines_.emplace(*c.deadline, c.id);
}

}  // namespace bulkhead::core
