#include "supervisor_state.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdio>
#include <random>

#include "os/control.hpp"
#include "start_setup.hpp"

namespace bulkhead::detail {
namespace {

core::random_source make_random() {
  return [engine = std::mt19937_64(std::random_device()())]() mutable { return engine(); };
}

core::instant now() { return std::chrono::steady_clock::now(); }

void check(const std::optional<core::refusal>& refused, std::string_view name) {
  if (!refused) return;
  std::string text = refused->text;
  if (!name.empty()) text = "child '" + std::string(name) + "': " + text;
  switch (refused->why) {
    case core::refused::bad_value:
    case core::refused::unsupported:
    case core::refused::not_found:
      throw std::invalid_argument(text);
    default:
      throw error(errc::not_permitted, text);
  }
}

void check_start(const std::optional<exit_status>& failed, std::string_view name) {
  if (failed)
    throw error(errc::start_failed, "child '" + std::string(name) + "': " + failed->report(),
                *failed);
}

void check_process(const child_spec& spec) {
  const std::string whose = "child '" + spec.name + "': process.";
  if (!spec.process.name.empty() || spec.process.shutdown != shutdown_rule{}) {
    throw std::invalid_argument(whose +
                                "name and process.shutdown must be left out: the child's "
                                "own are used");
  }
  try {
    check_options(spec.process);
  } catch (const std::invalid_argument& bad) {
    throw std::invalid_argument(whose + bad.what());
  }
}

supervisor_options checked(const supervisor_options& options) {
  check(core::check_supervisor(options), {});
  return options;
}

}  // namespace

supervisor_state::supervisor_state(std::shared_ptr<runtime_state> rt,
                                   const supervisor_options& options)
    : rt_(std::move(rt)),
      machine_(checked(options), options.name, make_random()),
      timer_(rt_->loop()),
      ended_(end_.get_future().share()) {
  rt_->ensure_running();
}

// Brings `fn` to the runtime's thread and its result or exception back.
template <class Fn>
auto supervisor_state::call(Fn fn) -> decltype(fn()) {
  std::packaged_task<decltype(fn())()> task(std::move(fn));
  auto result = task.get_future();
  boost::asio::post(rt_->loop(), [&task] { task(); });
  return result.get();
}

bool supervisor_state::ended() const {
  return ended_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

// --- requests ---

core::child_id supervisor_state::id_of(std::string_view name) const {
  const auto there = children_.find(name);
  if (there == children_.end())
    throw std::invalid_argument("there is no child '" + std::string(name) + "'");
  return there->second.id;
}

supervisor_state::child* supervisor_state::find(core::child_id id) {
  const auto there = by_id_.find(id);
  return there == by_id_.end() ? nullptr : there->second;
}

std::future<std::optional<exit_status>> supervisor_state::expect(std::string_view name,
                                                                 bool for_stop) {
  return waiters_.emplace_back(waiter{std::string(name), for_stop, {}}).result.get_future();
}

std::shared_ptr<process_state> supervisor_state::add(const child_spec& spec, start_recipe recipe) {
  check_process(spec);
  auto process = std::make_shared<process_state>(rt_, spec.name, spec.shutdown);
  auto up = call([&] {
    const auto added = machine_.add({spec, child_kind::worker}, now());
    if (const auto* refused = std::get_if<core::refusal>(&added)) check(*refused, spec.name);
    const auto id = std::get<core::child_id>(added);
    auto& entry = children_[spec.name] = {id,         std::move(recipe), spec.process,
                                          spec.ready, process,           rt_->new_resume_key()};
    by_id_[id] = &entry;
    auto result = expect(spec.name, false);
    run();
    return result;
  });
  check_start(up.get(), spec.name);
  return process;
}

void supervisor_state::terminate(std::string_view name) {
  auto stopped = call([&] {
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
  });
  stopped.get();
}

void supervisor_state::restart(std::string_view name) {
  auto up = call([&] {
    check(machine_.restart(id_of(name), now()), name);
    auto result = expect(name, false);
    run();
    return result;
  });
  check_start(up.get(), name);
}

void supervisor_state::remove(std::string_view name) {
  call([&] {
    check(machine_.remove(id_of(name), now()), name);
    run();
  });
}

std::vector<child_info> supervisor_state::which_children() {
  return call([this] { return machine_.which_children(); });
}

child_count supervisor_state::count_children() {
  return call([this] { return machine_.count_children(); });
}

void supervisor_state::on_event(std::function<void(const supervision_event&)> handler) {
  call([&] { handler_ = std::move(handler); });
}

void supervisor_state::shutdown() {
  call([this] {
    machine_.shutdown(now());
    run();
  });
  ended_.wait();
}

// --- what the state machine wants ---

void supervisor_state::run() {
  if (std::exchange(running_, true)) return;
  // What throws, because the keeper is gone, must not end all further work besides.
  const std::unique_ptr<bool, decltype([](bool* running) { *running = false; })> end(&running_);
  for (auto commands = machine_.take_commands(); !commands.empty();
       commands = machine_.take_commands()) {
    for (const core::command& c : commands) {
      std::visit([this](const auto& what) { execute(what); }, c);
    }
  }
  arm();
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
  runtime_state::start_order order;
  order.name = who->process->name();
  order.resume_key = who->resume_key;
  order.incarnation = c.incarnation;
  order.recipe = &who->recipe;
  order.options = &who->options;
  order.announce =
      who->ready == readiness::on_call || may_fail_before_entry(who->options, who->recipe);
  try {
    auto begun = rt_->start(
        order,
        [self = shared_from_this(), id = c.id, incarnation = c.incarnation](
            const os::control::exited& event) { self->told_of_end(id, incarnation, event); },
        [self = shared_from_this(), id = c.id, incarnation = c.incarnation](auto what) {
          self->told_of_up(id, incarnation, what);
        });
    who->process->begin(begun.serial, begun.pid, std::move(begun.pidfd), c.incarnation);
    // The keeper answers when the child is forked, and what that runs first is its function, unless
    // something is announced.
    if (!order.announce) machine_.started(c.id, c.incarnation, begun.pid, now());
  } catch (const std::system_error& failure) {
    exit_status status;
    status.code = -1;
    status.cause = death_cause::start_failure;
    status.text = failure.what();
    machine_.start_failed(c.id, c.incarnation, status, now());
  }
}

void supervisor_state::execute(const core::commands::request_stop& c) {
  if (child* const who = find(c.id)) who->process->request_stop();
}

void supervisor_state::execute(const core::commands::kill& c) {
  if (child* const who = find(c.id)) who->process->signal(SIGKILL);
}

void supervisor_state::execute(const core::commands::emit& c) {
  const supervision_event& event = c.event;
  answer(event);
  hand_to_user(event);
  const auto there = children_.find(event.child);
  if (there == children_.end()) return;
  if (std::holds_alternative<events::stopped>(event.what)) there->second.process->finish();
  if (std::holds_alternative<events::deleted>(event.what) ||
      (std::holds_alternative<events::start_failed>(event.what) && !machine_.find(event.child))) {
    drop(event.child);
  }
}

void supervisor_state::execute(const core::commands::ended& c) {
  timer_.cancel();
  while (!children_.empty()) drop(children_.begin()->first);
  for (waiter& w : waiters_) {
    w.result.set_value(w.for_stop ? std::nullopt : std::optional(c.reason.status));
  }
  waiters_.clear();
  end_.set_value(c.reason);
}

void supervisor_state::told_of_up(core::child_id id, std::uint64_t incarnation,
                                  os::control::kind what) {
  child* const who = find(id);
  if (who == nullptr) return;
  if (what == os::control::kind::entered) {
    machine_.started(id, incarnation, who->process->pid(), now());
  } else {
    machine_.ready(id, incarnation, now());
  }
  run();
}

void supervisor_state::told_of_end(core::child_id id, std::uint64_t incarnation,
                                   const os::control::exited& event) {
  child* const who = find(id);
  if (who == nullptr) return;
  const auto process = who->process;
  const std::string name = process->name();
  process->end(event.status);
  machine_.exited(id, incarnation, event.status, now());
  run();
  const auto state = machine_.doing(name);
  if (state && *state != child_state::stopped) return;
  process->finish();
  // Whoever waits for its messages waits in vain.
  if (child* const still = find(id)) tell_rest(still->resume_key);
}

void supervisor_state::tell_rest(std::uint64_t resume_key) {
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

// A handler that throws harms itself only.
void supervisor_state::hand_to_user(const supervision_event& event) {
  if (!handler_) return;
  boost::asio::dispatch(rt_->executor(), [handler = handler_, event] {
    try {
      handler(event);
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "bulkhead: a supervision event handler threw: %s\n", failure.what());
    }
  });
}

// No next incarnation will come.
void supervisor_state::drop(const std::string& name) {
  const auto there = children_.find(name);
  there->second.process->finish();
  try {
    rt_->forget(there->second.resume_key);
  } catch (const std::system_error&) {
    // The runtime is being stopped: its keeper forgets everything.
  }
  by_id_.erase(there->second.id);
  children_.erase(there);
}

}  // namespace bulkhead::detail
