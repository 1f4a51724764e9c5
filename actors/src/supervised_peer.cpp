#include "supervised_peer.hpp"

#include <algorithm>
#include <bulkhead/actors/remote_error.hpp>
#include <variant>

namespace bulkhead::actors::detail {

namespace {

bulkhead::detail::request_terms terms_of(during_restart mode) {
  bulkhead::detail::request_terms terms;
  terms.idempotent = mode == during_restart::retry;
  terms.ends_with_server = mode == during_restart::fail;
  return terms;
}

// How the process ended, where the event says so.
const exit_status* status_of(const supervision_event& event) {
  if (const auto* what = std::get_if<events::exited>(&event.what)) return &what->status;
  if (const auto* what = std::get_if<events::start_failed>(&event.what)) return &what->status;
  if (const auto* what = std::get_if<events::restart_failed>(&event.what)) return &what->status;
  return nullptr;
}

}  // namespace

supervised_peer::supervised_peer(actor_client lane, const message_codec& codec, pump_unit& unit,
                                 system_state& state, const supervised_options& options)
    : remote_peer(std::move(lane), codec, unit, state, terms_of(options.during_restart)),
      mode_(options.during_restart) {}

void supervised_peer::start(const supervisor& sup, const process& child,
                            const caf::strong_actor_ptr& proxy) {
  supervisor_ = sup.state();
  child_id_ = child.child_id();
  held_ = proxy;
  try {
    run_pump(proxy);
  } catch (...) {
    held_ = nullptr;  // which holds us
    throw;
  }
}

void supervised_peer::watch(const caf::strong_actor_ptr& watcher) {
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(watcher);
  const std::lock_guard lock(turns_mutex_);
  std::erase_if(watchers_, [](const auto& one) { return one.lock() == nullptr; });
  if (std::find(watchers_.begin(), watchers_.end(), weak) == watchers_.end()) {
    watchers_.push_back(std::move(weak));
  }
}

// --- the supervisor's thread ---

void supervised_peer::note(turn what) {
  {
    const std::lock_guard lock(turns_mutex_);
    if (what.what == turn::down) last_status_ = what.status;
    if (what.what == turn::restarting) what.status = last_status_;
    turns_.push_back(std::move(what));
  }
  turns_changed_.notify_all();
  call();
}

void supervised_peer::on_event(const supervision_event& event) noexcept {
  if (const exit_status* const status = status_of(event)) {
    note({turn::down, event.incarnation, *status});
  } else if (std::holds_alternative<events::ready>(event.what)) {
    note({turn::up, event.incarnation, {}});
  } else if (std::holds_alternative<events::restarting>(event.what)) {
    note({turn::restarting, event.incarnation + 1, {}});
  }
}

void supervised_peer::on_gone(end_reason::kind_type why) noexcept {
  note({turn::gone, 0, {}, why});
}

// --- the pump ---

caf::error supervised_peer::live() {
  for (;;) {
    if (auto reason = go_on()) return *reason;
  }
}

std::optional<caf::error> supervised_peer::step() {
  call();
  return go_on();
}

// @returns the reason, when it is over.
std::optional<caf::error> supervised_peer::go_on() {
  const std::vector<turn> turns = take_turns();
  if (!turns.empty() || !is_watching_) settle();
  for (const turn& one : turns) {
    if (auto reason = take(one)) return reason;
  }
  if (is_let_go()) return caf::error(caf::exit_reason::user_shutdown);
  if (is_shut_.load(std::memory_order_relaxed)) {
    wait_for_turn();
    return std::nullopt;
  }
  // A number that is known once the deaths before it are settled.
  if (!is_watching_) is_watching_ = !begin_watch(lane_.core().server_restarts());
  const auto ec = pump_once(is_watching_);
  note_end();
  if (ec == errc::closed || ec == errc::peer_crashed) {
    is_shut_.store(true, std::memory_order_relaxed);
    is_watching_ = false;
    refuse_kept(refusal());
  } else if (ec) {
    return error_for(ec, {});
  }
  return std::nullopt;
}

// What the dead one had answered, and what fails with it, is told before its death is.
void supervised_peer::settle() {
  static_cast<void>(lane_.core().pump(bulkhead::detail::patience::none()));
  unit_->run();
  note_end();
}

// The actor ended, or its process did.
void supervised_peer::note_end() {
  if (!watch_.reason) return;
  if (watch_.by_actor) own_reason_ = *watch_.reason;
  watch_.reason.reset();
  is_watching_ = false;
}

void supervised_peer::wait_for_turn() {
  std::unique_lock lock(turns_mutex_);
  turns_changed_.wait(lock, [this] { return !turns_.empty() || is_let_go(); });
}

void supervised_peer::let_go() noexcept {
  remote_peer::let_go();
  { const std::lock_guard lock(turns_mutex_); }  // who waits has looked, or will
  turns_changed_.notify_all();
}

std::vector<supervised_peer::turn> supervised_peer::take_turns() {
  const std::lock_guard lock(turns_mutex_);
  return std::exchange(turns_, {});
}

std::optional<caf::error> supervised_peer::take(const turn& what) {
  switch (what.what) {
    case turn::up:
      incarnation_.store(what.incarnation, std::memory_order_relaxed);
      is_shut_.store(false, std::memory_order_relaxed);
      refuses_.store(false, std::memory_order_relaxed);
      is_away_.store(false, std::memory_order_relaxed);
      break;
    case turn::down:
      is_away_.store(true, std::memory_order_relaxed);
      if (mode_ != during_restart::fail) break;
      refuses_.store(true, std::memory_order_relaxed);
      refuse_kept(refusal());
      break;
    case turn::restarting:
      own_reason_ = {};
      tell_watchers({what.status, what.incarnation});
      break;
    case turn::gone:
      return final_reason(what.why);
  }
  return std::nullopt;
}

void supervised_peer::tell_watchers(const restarted& what) {
  std::vector<caf::weak_actor_ptr> all;
  {
    const std::lock_guard lock(turns_mutex_);
    all = watchers_;
  }
  for (const auto& one : all) {
    const auto watcher = one.lock();
    if (watcher == nullptr) continue;
    watcher->enqueue(
        compat::make_element(held_, caf::make_message_id(), compat::local_message(what)), unit_);
  }
}

caf::error supervised_peer::refusal() {
  const std::lock_guard lock(turns_mutex_);
  errc code = errc::peer_restarted;
  if (is_shut_.load(std::memory_order_relaxed)) {
    code = last_status_.success() ? errc::closed : errc::peer_crashed;
  }
  return error_for(make_error_code(code), last_status_);
}

caf::error supervised_peer::final_reason(end_reason::kind_type why) const {
  if (why == end_reason::gave_up) return error_for(make_error_code(errc::gave_up), last_status_);
  if (own_reason_) return own_reason_;
  if (last_status_.success() || last_status_.cause == death_cause::none ||
      last_status_.cause == death_cause::stopped) {
    return caf::exit_reason::user_shutdown;
  }
  return error_for(make_error_code(errc::peer_crashed), last_status_);
}

// The system ends and the supervisor goes on: the actor is no more, so its process is stopped.
void supervised_peer::part(const caf::error&) {
  if (is_let_go()) {
    if (auto state = supervisor_.lock()) {
      try {
        supervisor(std::move(state)).terminate_child(child_id_);
      } catch (const std::exception&) {  // it has ended, or forgot the child
      }
    }
  }
  held_ = nullptr;
}

}  // namespace bulkhead::actors::detail
