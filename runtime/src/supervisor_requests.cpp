// What the owner of a supervisor asks of it, brought to the runtime's thread.
#include <stdexcept>
#include <string>

#include "heart.hpp"
#include "own_thread.hpp"
#include "process_record.hpp"
#include "supervisor_errors.hpp"
#include "supervisor_state.hpp"

namespace bulkhead::detail {

core::child_id supervisor_state::id_of(std::string_view name) const {
  const auto there = children_.find(name);
  if (there == children_.end())
    throw std::invalid_argument("there is no child '" + std::string(name) + "'");
  return there->second.id;
}

std::string supervisor_state::name_of(core::child_id id) {
  const child* const who = find(id);
  if (who == nullptr) throw std::invalid_argument("there is no child " + std::to_string(id));
  return who->process->name();
}

supervisor_state::child* supervisor_state::find(core::child_id id) {
  const auto there = by_id_.find(id);
  return there == by_id_.end() ? nullptr : there->second;
}

supervisor_state::answer_to_come supervisor_state::expect(std::string_view name, bool for_stop) {
  return waiters_.emplace_back(waiter{std::string(name), for_stop, {}}).result.get_future();
}

// What `fn` begins is decided on the runtime's thread: there, it would be waited for in vain.
template <class Fn>
std::optional<exit_status> supervisor_state::call_and_wait(const char* doing, Fn fn) {
  refuse_on_own_thread(*rt_, doing);
  answer_to_come answer = call(std::move(fn));
  const core::waiting_mark mark(process_record::heart());
  return rt_->await(std::move(answer));
}

// --- starts ---

// @returns nothing where no child of that kind is started again at once.
std::shared_ptr<const foreseen_ends> supervisor_state::ends_of(const child_spec& spec) const {
  if (is_for_groups_ || spec.restart == restart::temporary) return nullptr;
  return std::make_shared<const foreseen_ends>(spec);
}

// The state machine has taken it in, and wants it started.
supervisor_state::answer_to_come supervisor_state::enter(core::child_id id, child entry) {
  entry.id = id;
  if (entry.nested == nullptr) entry.resume_key = rt_->new_resume_key();
  if (entry.inlet != nullptr) listen_to(entry.inlet);
  if (entry.spec->standby != 0) {
    entry.crew = std::make_unique<standby_crew>(*entry.spec);
    with_standbys_.insert(id);
  }
  if (entry.ends == nullptr && entry.resume_key != 0) entry.ends = ends_of(*entry.spec);
  const std::string name = entry.process->name();
  by_id_[id] = &(children_[name] = std::move(entry));
  auto result = expect(name, false);
  run();
  return result;
}

std::shared_ptr<process_state> supervisor_state::add(const child_spec& spec, start_recipe recipe,
                                                     std::shared_ptr<child_observer> observer) {
  check_process(spec);
  check_command(spec, recipe);
  child entry;
  entry.recipe = std::move(recipe);
  entry.observer = std::move(observer);
  return add(spec, child_kind::worker, std::move(entry));
}

std::shared_ptr<process_state> supervisor_state::add(const child_spec& spec, child_kind kind,
                                                     child entry) {
  auto process = std::make_shared<process_state>(rt_, spec.name, spec.shutdown);
  const auto failed = call_and_wait("starting a child", [&] {
    const auto added = machine_.add({spec, kind}, now());
    if (const auto* refused = std::get_if<core::refusal>(&added)) check(*refused, spec.name);
    entry.spec = std::make_shared<const child_spec>(spec);
    entry.process = process;
    const auto id = std::get<core::child_id>(added);
    process->set_child_id(id);
    return enter(id, std::move(entry));
  });
  check_start(failed, spec.name);
  return process;
}

void supervisor_state::specify(const child_spec& spec) {
  check_process(spec);
  call([&] {
    check(machine_.specify({spec, child_kind::worker}), spec.name);
    every_child_ = std::make_shared<const child_spec>(spec);
    every_childs_ends_ = ends_of(spec);
  });
}

std::shared_ptr<process_state> supervisor_state::add_dynamic(start_recipe recipe) {
  std::shared_ptr<process_state> process;
  if (every_child_ != nullptr) check_command(*every_child_, recipe);
  const auto failed = call_and_wait("starting a child", [&] {
    const auto added = machine_.add_dynamic(now());
    if (const auto* refused = std::get_if<core::refusal>(&added)) check(*refused, {});
    const auto id = std::get<core::child_id>(added);
    process = std::make_shared<process_state>(rt_, machine_.info(id)->name, every_child_->shutdown);
    process->set_child_id(id);
    child entry;
    entry.recipe = std::move(recipe);
    entry.spec = every_child_;
    entry.ends = every_childs_ends_;
    entry.process = process;
    return enter(id, std::move(entry));
  });
  check_start(failed, process->name());
  return process;
}

// --- administration ---

supervisor_state::answer_to_come supervisor_state::begin_terminate(std::string_view name) {
  check(machine_.terminate(id_of(name), now()), name);
  auto result = expect(name, true);
  run();
  // One that was stopped already says nothing more.
  const auto state = machine_.doing(name);
  if (!state || *state == child_state::stopped) {
    for (auto& w : waiters_) {
      if (w.for_stop && w.name == name) w.result.set_value(std::nullopt);
    }
    waiters_.remove_if([&](const waiter& w) { return w.for_stop && w.name == name; });
  }
  return result;
}

void supervisor_state::terminate(std::string_view name) {
  call_and_wait("stopping a child", [&] { return begin_terminate(name); });
}

void supervisor_state::terminate(core::child_id id) {
  call_and_wait("stopping a child", [&] { return begin_terminate(name_of(id)); });
}

supervisor_state::answer_to_come supervisor_state::begin_restart(std::string_view name) {
  check(machine_.restart(id_of(name), now()), name);
  auto result = expect(name, false);
  run();
  return result;
}

void supervisor_state::restart(std::string_view name) {
  check_start(call_and_wait("restarting a child", [&] { return begin_restart(name); }), name);
}

void supervisor_state::restart(core::child_id id) {
  std::string name;
  const auto failed =
      call_and_wait("restarting a child", [&] { return begin_restart(name = name_of(id)); });
  check_start(failed, name);
}

void supervisor_state::begin_remove(std::string_view name) {
  check(machine_.remove(id_of(name), now()), name);
  run();
}

void supervisor_state::remove(std::string_view name) {
  call([&] { begin_remove(name); });
}

void supervisor_state::remove(core::child_id id) {
  call([&] { begin_remove(name_of(id)); });
}

void supervisor_state::begin_shutdown() {
  boost::asio::post(rt_->loop(), [self = shared_from_this()] {
    self->machine_.shutdown(now());
    self->run();
  });
}

// Whoever had it is gone and waits for nothing: what its children need until their end is kept by
// the runtime.
void supervisor_state::end_alone() {
  rt_->keep(shared_from_this());
  begin_shutdown();
}

void supervisor_state::shutdown() {
  refuse_on_own_thread(*rt_, "shutting down " + label(),
                       "use begin_shutdown, or shut down on another thread");
  call([this] {
    machine_.shutdown(now());
    run();
  });
  static_cast<void>(join());
}

// --- questions ---

child_info supervisor_state::with_spares(child_info info) {
  const child* const who = find(info.id);
  if (who != nullptr && who->crew != nullptr) info.standbys = who->crew->pool.waiting();
  return info;
}

std::optional<child_info> supervisor_state::info(std::optional<core::child_id> id) {
  auto found = id ? machine_.info(*id) : std::nullopt;
  return found ? std::optional(with_spares(*std::move(found))) : std::nullopt;
}

std::optional<child_info> supervisor_state::find_child(std::string_view name) {
  return call([&] { return info(machine_.find(name)); });
}

std::optional<child_info> supervisor_state::find_child(core::child_id id) {
  return call([&] { return info(id); });
}

std::vector<child_info> supervisor_state::which_children() {
  return call([this] {
    auto all = machine_.which_children();
    for (child_info& each : all) each = with_spares(std::move(each));
    return all;
  });
}

child_count supervisor_state::count_children() {
  return call([this] { return machine_.count_children(); });
}

}  // namespace bulkhead::detail
