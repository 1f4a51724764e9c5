#include <bulkhead/supervisor.hpp>

#include "supervisor_state.hpp"

namespace bulkhead {

supervisor::supervisor(runtime& rt, const supervisor_options& options)
    : state_(std::make_shared<detail::supervisor_state>(rt, options, options.name)) {}

supervisor::supervisor(std::shared_ptr<detail::supervisor_state> nested) noexcept
    : state_(std::move(nested)), owns_(false) {}

supervisor::~supervisor() {
  if (!owns_) return;
  try {
    // There its end would be waited for in vain, and its events go on until it has ended.
    if (!ended() && state_->is_told_here()) {
      state_->end_alone();
      return;
    }
    shutdown();
  } catch (const std::exception&) {
    // The runtime is gone, and every child with it.
  }
  state_->events()->abandon(errc::runtime_gone);
}

process supervisor::add(const child_spec& spec, detail::start_recipe recipe) {
  return {state_->add(spec, std::move(recipe)), false};
}

process supervisor::start_observed(const child_spec& spec, detail::start_recipe recipe,
                                   std::shared_ptr<detail::child_observer> observer) {
  return {state_->add(spec, std::move(recipe), std::move(observer)), false};
}

void supervisor::nest(const child_spec& spec, const supervisor_options& options,
                      std::function<void(supervisor&)> build) {
  state_->nest(spec, options, std::move(build));
}

detail::nested_start supervisor::begin_nested(const child_spec& spec,
                                              const supervisor_options& options) {
  return state_->begin_nested(spec, options);
}

process supervisor::add_nested(const child_spec& spec, detail::start_recipe recipe,
                               const detail::nested_start& how) {
  return {state_->add_nested(spec, std::move(recipe), how), false};
}

const std::string& supervisor::path() const noexcept { return state_->path(); }

void supervisor::give(const child_spec& every_child) { state_->specify(every_child); }

process detail::start_dynamic(const std::shared_ptr<supervisor_state>& where, start_recipe recipe) {
  return {where->add_dynamic(std::move(recipe)), false};
}

void supervisor::terminate_child(std::string_view name) { state_->terminate(name); }
void supervisor::terminate_child(std::uint64_t id) { state_->terminate(id); }
void supervisor::restart_child(std::string_view name) { state_->restart(name); }
void supervisor::restart_child(std::uint64_t id) { state_->restart(id); }
void supervisor::delete_child(std::string_view name) { state_->remove(name); }
void supervisor::delete_child(std::uint64_t id) { state_->remove(id); }
std::optional<child_info> supervisor::find_child(std::string_view name) const {
  return state_->find_child(name);
}
std::optional<child_info> supervisor::find_child(std::uint64_t id) const {
  return state_->find_child(id);
}
std::vector<child_info> supervisor::which_children() const { return state_->which_children(); }
child_count supervisor::count_children() const { return state_->count_children(); }

void supervisor::on_event(std::function<void(const supervision_event&)> handler) {
  state_->on_event(std::move(handler));
}

std::uint64_t supervisor::missed_events() const { return state_->events()->missed(); }
const std::shared_ptr<detail::event_stream>& supervisor::events() const noexcept {
  return state_->events();
}

void supervisor::shutdown() {
  if (!ended()) state_->shutdown();
}

void supervisor::begin_shutdown() {
  if (!ended()) state_->begin_shutdown();
}
end_reason supervisor::join() { return state_->join(); }
std::optional<end_reason> supervisor::join_until(std::chrono::steady_clock::time_point deadline) {
  return state_->join_until(deadline);
}
bool supervisor::ended() const { return state_->ended(); }

}  // namespace bulkhead
