#include "supervisor_state.hpp"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <random>

#include "heart.hpp"
#include "os/control.hpp"
#include "own_thread.hpp"
#include "process_record.hpp"
#include "start_setup.hpp"
#include "supervisor_errors.hpp"

namespace bulkhead::detail {
namespace {

core::random_source make_random() {
  return [engine = std::mt19937_64(std::random_device()())]() mutable { return engine(); };
}

supervisor_options checked(const supervisor_options& options) {
  check(core::check_supervisor(options), {});
  return options;
}

}  // namespace

supervisor_state::supervisor_state(runtime& rt, const supervisor_options& options, std::string path)
    : home_(&rt),
      rt_(rt.state()),
      path_(std::move(path)),
      random_(make_random()),
      machine_(checked(options), path_, random_),
      timer_(rt_->loop()),
      standby_timer_(rt_->loop()),
      is_for_groups_(options.strategy == strategy::one_for_all ||
                     options.strategy == strategy::rest_for_one),
      stream_(std::make_shared<event_stream>(rt_, options.events_max)),
      ended_(end_.get_future().share()) {
  rt_->ensure_running();
}

end_reason supervisor_state::join() {
  return *join_until(std::chrono::steady_clock::time_point::max());
}

std::optional<end_reason> supervisor_state::join_until(core::instant deadline) {
  constexpr std::chrono::seconds recheck{1};  // a runtime that stops tells nobody
  const core::waiting_mark mark(process_record::heart());
  while (!ended()) {
    if (const std::error_code why = rt_->why_silent(); why && !ended()) {
      throw error(why, "waiting for " + label() + ", of whose end nobody is told here");
    }
    if (now() >= deadline) return std::nullopt;
    refuse_on_own_thread(*rt_, "waiting for " + label(),
                         "use async_wait, or wait on another thread");
    ended_.wait_until(std::min(deadline, now() + recheck));
  }
  return ended_.get();
}

bool supervisor_state::ended() const {
  return ended_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void supervisor_state::on_event(std::function<void(const supervision_event&)> handler) {
  call([&] { handler_ = std::move(handler); });
}

// --- what the state machine wants ---

void supervisor_state::run() {
  if (std::exchange(running_, true)) return;
  const std::unique_ptr<bool, decltype([](bool* running) { *running = false; })> end(&running_);
  // What throws, because the keeper is gone or refuses, harms no other child: the rest is done, and
  // then the first failure is told.
  std::exception_ptr failure;
  for (auto commands = machine_.take_commands(); !commands.empty();
       commands = machine_.take_commands()) {
    for (const core::command& c : commands) {
      try {
        std::visit([this](const auto& what) { execute(what); }, c);
      } catch (...) {
        if (failure == nullptr) failure = std::current_exception();
      }
    }
  }
  arm();
  tend();
  if (failure != nullptr) std::rethrow_exception(failure);
}

void supervisor_state::arm() {
  const auto due = machine_.next_deadline();
  if (!due) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*due);
  timer_.async_wait([self = weak_from_this()](auto failure) {
    const auto here = self.lock();
    if (failure || here == nullptr) return;
    here->machine_.tick(now());
    here->run();
  });
}

void supervisor_state::execute(const core::commands::start& c) {
  child* const who = find(c.id);
  if (who == nullptr) return;
  try {
    if (who->nested != nullptr) return start_nested(*who, c.incarnation);
    start_process(*who, c.incarnation);
  } catch (const std::exception& failure) {
    exit_status status;
    status.code = -1;
    status.cause = death_cause::start_failure;
    status.text = failure.what();
    if (who->nested != nullptr) who->nested->state.reset();
    machine_.start_failed(c.id, c.incarnation, status, now());
  }
}

runtime_state::start_order supervisor_state::order_for(const child& who,
                                                       std::uint64_t incarnation) const {
  runtime_state::start_order order;
  order.name = who.process->name();
  order.resume_key = who.resume_key;
  order.incarnation = incarnation;
  order.recipe = &who.recipe;
  order.options = &who.spec->process;
  order.prepare = who.spec->prepare;
  order.announce = who.spec->ready == readiness::on_call || order.prepare != nullptr ||
                   may_fail_before_entry(who.spec->process, who.recipe);
  if (const auto& patience = who.spec->watchdog) {
    order.watch = {static_cast<std::uint64_t>(patience->count()),
                   who.spec->ready == readiness::on_call};
  }
  order.may_follow = who.ends != nullptr;
  return order;
}

void supervisor_state::start_process(child& who, std::uint64_t incarnation) {
  const runtime_state::start_order order = order_for(who, incarnation);
  if (const auto next = std::exchange(who.successor, nullptr)) {
    return begin_with(who, *next, incarnation, order.announce);
  }
  if (begin_with_spare(who, incarnation, order.announce)) return;
  const auto begun = rt_->start(
      order,
      [self = shared_from_this(), id = who.id, incarnation](const os::control::exited& event) {
        self->told_of_end(id, incarnation, event);
      },
      [self = shared_from_this(), id = who.id, incarnation](auto what) {
        self->told_of_up(id, incarnation, what);
      });
  who.process->begin(begun.serial, begun.pid, incarnation);
  // The keeper answers when the child is forked, and what that runs first is its function, unless
  // something is announced.
  if (!order.announce) machine_.started(who.id, incarnation, begun.pid, now());
}

void supervisor_state::execute(const core::commands::request_stop& c) {
  child* const who = find(c.id);
  if (who == nullptr) return;
  if (who->nested != nullptr) return stop_nested(*who->nested, false);
  who->process->request_stop();
}

void supervisor_state::execute(const core::commands::kill& c) {
  child* const who = find(c.id);
  if (who == nullptr) return;
  if (who->nested != nullptr) return stop_nested(*who->nested, true);
  forbid_follow(*who);
  who->process->signal(SIGKILL);
}

void supervisor_state::execute(const core::commands::emit& c) {
  const supervision_event& event = c.event;
  answer(event);
  const auto there = children_.find(event.child);
  if (there != children_.end() && there->second.observer != nullptr) {
    there->second.observer->on_event(event);
  }
  record(event);
  if (there == children_.end()) return;
  if (std::holds_alternative<events::ready>(event.what)) {
    forget_arguments(there->second);
    note_up(there->second);
  }
  if (std::holds_alternative<events::stopped>(event.what)) there->second.process->finish();
  if (std::holds_alternative<events::deleted>(event.what) ||
      (std::holds_alternative<events::start_failed>(event.what) && !machine_.find(event.child))) {
    drop(event.child);
  }
}

// A temporary child that has come up is never started again: what it was started with, and the
// endpoints in it, are its own from now on.
void supervisor_state::forget_arguments(child& who) {
  if (who.spec->restart == restart::temporary) who.recipe = {};
}

void supervisor_state::execute(const core::commands::ended& c) {
  timer_.cancel();
  for (const core::child_id id : with_standbys_) dismiss_spares(*find(id));
  end_to_come_ = c.reason;
  end_if_alone();
}

// Spares are gone before anybody hears of the end.
void supervisor_state::end_if_alone() {
  if (!end_to_come_ || spares_alive_ != 0) return;
  const end_reason reason = *std::exchange(end_to_come_, std::nullopt);
  standby_timer_.cancel();
  while (!children_.empty()) drop(children_.begin()->first, reason.kind);
  for (waiter& w : waiters_) {
    w.result.set_value(w.for_stop ? std::nullopt : std::optional(reason.status));
  }
  waiters_.clear();
  stream_->end(reason);
  end_.set_value(reason);
  if (at_end_) at_end_();
  // Not at once: the caller is at work in here.
  boost::asio::post(rt_->loop(), [self = weak_from_this()] {
    if (const auto here = self.lock()) here->rt_->let_go(here);
  });
}

std::string supervisor_state::label() const {
  return path_.empty() ? "a supervisor" : "supervisor '" + path_ + "'";
}

void supervisor_state::told_of_up(core::child_id id, std::uint64_t incarnation,
                                  os::control::kind what) {
  child* const who = find(id);
  if (who == nullptr) return;
  if (what == os::control::kind::entered) {
    machine_.started(id, incarnation, who->process->pid(), now());
  } else if (what == os::control::kind::ready) {
    machine_.ready(id, incarnation, now());
  } else {
    machine_.hung(id, incarnation, now());
  }
  run();
}

void supervisor_state::told_of_end(core::child_id id, std::uint64_t incarnation,
                                   const os::control::exited& event) {
  child* const who = find(id);
  if (event.next_serial != 0) {
    if (who == nullptr) return end_unasked(event.next_serial);
    if (!accept_successor(*who, incarnation, event)) return;
  }
  if (who != nullptr && event.stuck != 0) {
    emit(*who, event.pid, events::letters_full{event.stuck});
  }
  told_of_end(id, incarnation, event.status);
  if (child* const still = find(id)) give_up_successor(*still);
}

void supervisor_state::told_of_end(core::child_id id, std::uint64_t incarnation,
                                   const exit_status& status) {
  child* const who = find(id);
  if (who == nullptr) return;
  note_down(*who);
  const auto process = who->process;
  const std::string name = process->name();
  process->end(status);
  machine_.exited(id, incarnation, status, now());
  run();
  const auto state = machine_.doing(name);
  if (state && *state != child_state::stopped) return;
  process->finish();
  // Whoever waits for its messages waits in vain.
  if (child* const still = find(id)) tell_rest(still->resume_key);
}

void supervisor_state::tell_rest(std::uint64_t resume_key) {
  if (resume_key == 0) return;
  try {
    rt_->rest(resume_key);
  } catch (const std::system_error&) {
    // The runtime is being stopped.
  }
}

void supervisor_state::answer(const supervision_event& event) {
  for (auto w = waiters_.begin(); w != waiters_.end();) {
    const bool stopped = std::holds_alternative<events::stopped>(event.what);
    const auto* failed = std::get_if<events::start_failed>(&event.what);
    const bool ready = std::holds_alternative<events::ready>(event.what);
    if (w->name != event.child || !(stopped || (!w->for_stop && (failed != nullptr || ready)))) {
      ++w;
      continue;
    }
    std::optional<exit_status> result;
    if (failed != nullptr) result = failed->status;
    if (stopped && !w->for_stop)
      result = exit_status{-1, 0, false, death_cause::stopped, "stopped while it started"};
    w->result.set_value(result);
    w = waiters_.erase(w);
  }
}

// What throws harms itself only.
template <class Fn>
void supervisor_state::on_executor(const char* who, Fn fn) {
  boost::asio::dispatch(rt_->executor(), [who, fn = std::move(fn)] {
    try {
      fn();
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "bulkhead: %s threw: %s\n", who, failure.what());
    } catch (...) {
      std::fprintf(stderr, "bulkhead: %s threw\n", who);
    }
  });
}

// Of this supervisor and of those nested in it; the highest has the log.
void supervisor_state::record(const supervision_event& event) {
  stream_->put(event);
  if (handler_) {
    on_executor("a supervision event handler", [handler = handler_, event] { handler(event); });
  }
  if (upward_) return upward_(event);
  if (const auto& log = rt_->log()) {
    on_executor("a log sink", [log, event] { log->write(level_of(event), to_text(event)); });
  }
}

// No next incarnation will come.
void supervisor_state::drop(const std::string& name, end_reason::kind_type why) {
  const auto there = children_.find(name);
  dismiss_spares(there->second);
  there->second.process->finish();
  if (there->second.observer != nullptr) there->second.observer->on_gone(why);
  if (there->second.inlet != nullptr) {
    there->second.inlet->stop.emit(boost::asio::cancellation_type::terminal);
  }
  try {
    if (there->second.resume_key != 0) rt_->forget(there->second.resume_key);
  } catch (const std::system_error&) {
    // The runtime is being stopped: its keeper forgets everything.
  }
  note_down(there->second);
  with_standbys_.erase(there->second.id);
  by_id_.erase(there->second.id);
  children_.erase(there);
}

}  // namespace bulkhead::detail
