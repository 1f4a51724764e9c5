#include "runtime/supervision_world.hpp"

#include <iterator>
#include <variant>

#include "runtime/supervision_script.hpp"

namespace bulkhead_test {

world::world(std::uint64_t seed, reached& so_far)
    : random_{seed}, reached_{so_far}, options_{pick_options()} {
  machine_.emplace(options_, "main", [this] { return random_(); });
  if (!is_dynamic()) return;
  every_child_ = pick_spec();
  law(!machine_->specify({every_child_, child_kind::worker}), "a good specification is taken");
}

void world::run(int steps) {
  for (int i = 0; i < steps && !ended_; ++i) step();
  // Every run ends: whatever is asked to stop does, or is killed in its time.
  shutdown();
  for (int i = 0; i < 1000 && !ended_; ++i) {
    if (!end_some_asked()) tick_at_deadline();
  }
  law(ended_, "a shutdown ends");
  step();
}

supervisor_options world::pick_options() {
  supervisor_options options;
  options.strategy = static_cast<strategy>(below(4));
  options.auto_shutdown = one_in(3) ? static_cast<auto_shutdown>(below(3)) : auto_shutdown::never;
  options.intensity = one_in(4) ? unlimited : restart_limit{below(6)};
  options.period = std::chrono::milliseconds{1 + below(3000)};
  return options;
}

child_spec world::pick_spec() {
  child_spec spec{.name = std::string(1, static_cast<char>('a' + below(6)))};
  spec.restart = static_cast<restart>(below(3));
  if (one_in(2)) spec.shutdown = std::chrono::milliseconds{below(2000)};
  if (one_in(6)) spec.shutdown = brutal_kill;
  if (one_in(6)) spec.shutdown = infinity;
  spec.backoff.initial = std::chrono::milliseconds{below(3) * 100};
  spec.backoff.max = std::chrono::milliseconds{200 + below(5000)};
  spec.backoff.reset_after = std::chrono::milliseconds{1 + below(2000)};
  if (one_in(3)) spec.ready = readiness::on_call;
  spec.start_timeout = std::chrono::milliseconds{1 + below(1000)};
  pick_group_rules(spec);
  return spec;
}

void world::pick_group_rules(child_spec& spec) {
  const bool counts = options_.auto_shutdown != auto_shutdown::never;
  spec.significant = counts && spec.restart != restart::permanent && one_in(3);
  if (one_in(4)) {
    spec.budget = {restart_limit{below(3)}, std::chrono::milliseconds{1 + below(3000)}};
  }
  if (one_in(8)) spec.no_restart_on.codes = {3};
  if (one_in(8)) spec.no_restart_on.signals = {15};
  if (one_in(8) && spec.restart != restart::temporary) spec.restart_on.codes = {0};
}

exit_status world::pick_status() {
  switch (below(5)) {
    case 0:
      return normal_end();
    case 1:
      return exit_code(3);
    case 2:
      return parent_gone();
    case 3:
      return ended_by(death_cause::stopped, -1, 15);
    default:
      return by_signal(11);
  }
}

void world::step() {
  switch (below(12)) {
    case 0:
      return add();
    case 1:
      return request();
    case 2:
      return pass(std::chrono::milliseconds{below(one_in(4) ? 5000 : 50)});
    case 3:
      return tick_at_deadline();
    case 4:
      if (one_in(20)) shutdown();
      return;
    case 5:
      return report_stale();
    default:
      return report();
  }
}

void world::added(child_id id, child_spec spec) {
  law(id > newest_, "ids grow");
  newest_ = id;
  modelled& m = children_[id];
  m.spec = std::move(spec);
  m.due = now_;
}

void world::add() {
  if (is_dynamic()) {
    const auto answer = machine_->add_dynamic(now_);
    const auto* id = std::get_if<child_id>(&answer);
    law((id != nullptr) == !ending_, "only an ending supervisor refuses a dynamic child");
    if (id != nullptr) added(*id, every_child_);
    if (id != nullptr) ++reached_.dynamic;
    return drain();
  }
  child_spec spec = pick_spec();
  const bool taken = machine_->find(spec.name).has_value();
  auto answer = machine_->add({spec, child_kind::worker}, now_);
  if (const auto* id = std::get_if<child_id>(&answer)) {
    law(!taken && !ending_, "a taken name and an ending supervisor refuse a child");
    added(*id, std::move(spec));
  } else {
    law(taken || ending_, "a free name is taken in");
  }
  drain();
}

modelled* world::any(child_id& id) {
  if (children_.empty()) return nullptr;
  auto at = std::next(children_.begin(), static_cast<std::ptrdiff_t>(below(children_.size())));
  id = at->first;
  return &at->second;
}

void world::request() {
  child_id id = 0;
  modelled* m = any(id);
  if (m == nullptr) return;
  const bool stopped = !m->alive && !m->due && !m->in_group;
  const auto kind = below(3);
  if (kind == 0) {
    const bool refused = machine_->terminate(id, now_).has_value();
    law(refused == ending_, "terminate is refused only by an ending supervisor");
    if (!refused) terminated(id, *m);
  } else if (kind == 1) {
    const bool refused = machine_->restart(id, now_).has_value();
    law(refused == (ending_ || !stopped), "restart_child takes stopped children only");
    if (!refused) {
      m->due = now_;
      m->automatic = m->unproven = false;
      m->failures = 0;
    }
  } else {
    const bool refused = machine_->remove(id, now_).has_value();
    law(refused == (ending_ || !stopped), "delete_child takes stopped children only");
    if (!refused) forget(id);
  }
  drain();
}

void world::terminated(child_id id, modelled& m) {
  end_down(m);
  if (m.to_stop) {
    m.stays = true;
    return;
  }
  const bool was_waiting = !m.alive && (m.due || m.in_group);
  m.due.reset();
  m.in_group = false;
  m.stop_wanted = m.alive;
  if (was_waiting && is_forgotten(m)) forget(id);
}

void world::pass(std::chrono::nanoseconds time) {
  now_ += time;
  machine_->tick(now_);
  drain();
  for (const auto& [id, m] : children_) law(!m.due || *m.due > now_, "what is due is done");
  const auto next = machine_->next_deadline();
  law(!next || *next > now_, "no deadline is left behind");
}

void world::tick_at_deadline() {
  const auto next = machine_->next_deadline();
  if (next) pass(*next - now_);
}

void world::shutdown() {
  machine_->shutdown(now_);
  begin_end();
  drain();
}

void world::report() {
  child_id id = 0;
  modelled* m = any(id);
  if (m == nullptr || !m->alive) return;
  if (!m->entered && !one_in(4)) {
    m->entered = true;
    machine_->started(id, m->incarnation, 7, now_);
    if (m->spec.ready == readiness::on_entry) came_up(*m);
    return drain();
  }
  if (m->entered && !m->up && !one_in(3)) {
    machine_->ready(id, m->incarnation, now_);
    came_up(*m);
    return drain();
  }
  if (m->up && !m->asked && !one_in(3)) return;
  died(id, *m, pick_status());
}

void world::report_stale() {
  child_id id = 0;
  modelled* m = any(id);
  if (m == nullptr) return;
  const std::uint64_t past = m->alive ? m->incarnation - 1 : m->incarnation;
  machine_->exited(id, past, by_signal(11), now_);
  machine_->started(id, past, 9, now_);
  machine_->ready(id, past, now_);
  law(machine_->take_commands().empty(), "reports of the past have no effect");
}

bool world::end_some_asked() {
  for (auto& [id, m] : children_) {
    if (!m.alive || !(m.killed || (m.asked && m.spec.shutdown == infinity) || one_in(3))) continue;
    died(id, m, pick_status());
    return true;
  }
  return false;
}

}  // namespace bulkhead_test
