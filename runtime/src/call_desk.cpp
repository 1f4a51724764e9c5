#include "call_desk.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <bulkhead/async.hpp>
#include <cerrno>
#include <csignal>
#include <future>
#include <stdexcept>
#include <vector>

#include "call_telling.hpp"

namespace bulkhead::detail {
namespace {

constexpr std::uint32_t processes_max = 1024;
constexpr std::size_t answer_bytes_max = std::size_t{256} << 20;

constexpr std::uint32_t calls_max = std::uint32_t{1} << 31;  // at a time; memory ends before

std::string text_of(const call_ticket& call) {
  return "call " + std::to_string(call.slot) + "." + std::to_string(call.generation);
}

}  // namespace

call_desk::call_desk(runtime& rt)
    : rt_(rt.state()),
      replies_(rt, {.name = "answers of calls",
                    .capacity = 2,
                    .payload_bytes = answer_bytes_max,
                    .participants = processes_max}),
      table_(calls_max) {
  rt.state()->ensure_running();
}

void call_desk::listen() {
  const auto rt = rt_.lock();
  if (rt == nullptr) return;
  replies_.async_receive(boost::asio::bind_executor(
      rt->loop().get_executor(),
      [desk = weak_from_this()](const boost::system::error_code& ec, const call_reply& reply) {
        const auto here = desk.lock();
        if (ec || here == nullptr) return;
        here->told_of_reply(reply);
        here->listen();
      }));
}

// --- the table ---

call_ticket call_desk::open(call_continuation& to) {
  const std::lock_guard lock(mutex_);
  const auto made = table_.open();
  if (made.entry == nullptr) throw error(errc::full, "as many calls are under way as may be");
  made.entry->to = &to;
  return {made.name.generation, made.name.slot};
}

std::optional<call_desk::running> call_desk::take(const call_ticket& call) {
  const std::lock_guard lock(mutex_);
  running* const r = find(call);
  if (r == nullptr) return std::nullopt;
  std::optional<running> taken = std::move(*r);
  table_.close({call.generation, call.slot});
  return taken;
}

// --- a call's life ---

void call_desk::begin(const call_ticket& call, const call_options& options, start_recipe recipe) {
  if (options.attempts == 0) throw std::invalid_argument("call_options::attempts must be above 0");
  if (options.deadline && *options.deadline <= std::chrono::nanoseconds{0}) {
    throw std::invalid_argument("call_options::deadline must be above 0");
  }
  {
    const std::lock_guard lock(mutex_);
    running* const r = find(call);
    if (r == nullptr) return;  // aborted meanwhile
    r->options = options;
    r->recipe = std::move(recipe);
  }
  start(call);
  if (options.deadline) wait_until(call, *options.deadline);
}

void call_desk::start(const call_ticket& call) {
  const auto rt = rt_.lock();
  if (rt == nullptr) throw error(errc::runtime_gone, "calling after the runtime was destroyed");
  start_recipe recipe;
  spawn_options options;
  {
    const std::lock_guard lock(mutex_);
    running* const r = find(call);
    if (r == nullptr) return;  // aborted meanwhile
    ++r->attempts;
    recipe = r->recipe;
    options = r->options.process;
  }
  runtime_state::start_order order;
  order.name = options.name.empty() ? text_of(call) : options.name;
  order.recipe = &recipe;
  order.options = &options;
  auto process = std::make_shared<process_state>(rt, order.name, options.shutdown);
  std::promise<void> begun;
  auto known = begun.get_future().share();
  auto started = rt->start(
      order, [desk = weak_from_this(), call, process, known](const os::control::exited& event) {
        known.wait();
        process->end(event.status);
        process->finish();
        if (const auto here = desk.lock()) here->told_of_end(call, event.status);
      });
  process->begin(started.serial, started.pid, 1);
  bool wanted = false;
  {
    const std::lock_guard lock(mutex_);
    if (running* const r = find(call)) {
      r->process = process;
      wanted = true;
    }
  }
  begun.set_value();
  // Answered already, or cancelled: the one is ending, the other must.
  if (!wanted) process->signal(SIGKILL);
}

void call_desk::wait_until(const call_ticket& call, std::chrono::nanoseconds time) {
  const auto rt = rt_.lock();
  if (rt == nullptr) return;
  const auto timer = std::make_shared<boost::asio::steady_timer>(rt->loop());
  timer->expires_after(time);
  {
    const std::lock_guard lock(mutex_);
    running* const r = find(call);
    if (r == nullptr) return;
    r->timer = timer;
  }
  timer->async_wait([desk = weak_from_this(), call, timer](auto failure) {
    const auto here = desk.lock();
    if (failure || here == nullptr) return;
    const std::string what = text_of(call) + " had no answer by its deadline";
    here->fail(call, {.code = errc::timed_out, .status = {}, .what = what});
  });
}

void call_desk::told_of_reply(const call_reply& reply) {
  const auto over = take(reply.call);
  if (!over) return;  // failed before: by its deadline, or cancelled
  if (over->timer != nullptr) over->timer->cancel();
  if (reply.thrown) {
    over->to->failed({.code = {}, .status = {}, .thrown = &*reply.thrown});
  } else {
    tell_reply(*over->to, reply.value, replies_.core());
  }
}

// What the dead one sent it sent before its end, so the answer is here if there is one: in the
// queue, or taken from it and on its way to `told_of_reply`, behind which the rest is put. Only
// then is the call known to have none.
void call_desk::told_of_end(const call_ticket& call, const exit_status& status) {
  std::error_code ec;
  while (const auto reply = replies_.try_receive(ec)) told_of_reply(*reply);
  const auto rt = rt_.lock();
  if (rt == nullptr) return;
  boost::asio::post(rt->loop(), [desk = weak_from_this(), call, status] {
    if (const auto here = desk.lock()) here->end_or_try_again(call, status);
  });
}

void call_desk::end_or_try_again(const call_ticket& call, const exit_status& status) {
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    running* const r = find(call);
    if (r == nullptr) return;
    // The keeper's death is no attempt of one that may be run again.
    const bool is_blameless = status.cause == death_cause::parent_gone && r->options.attempts > 1;
    if (is_blameless) --r->attempts;
    again = r->attempts < r->options.attempts;
  }
  const bool began = status.cause != death_cause::start_failure;
  call_failure why{.code = began ? errc::peer_crashed : errc::start_failed, .status = status};
  std::string what = text_of(call) + " ended without an answer (" + status.report() + ")";
  if (again) {
    try {
      return start(call);
    } catch (const error& failure) {
      why = {.code = failure.code(), .status = failure.status()};
      what = failure.what();
    } catch (const std::exception& failure) {
      why = {.code = error_of_exception(), .status = {}};
      what = failure.what();
    }
  }
  why.what = what;
  fail(call, why);
}

void call_desk::fail(const call_ticket& call, const call_failure& why) {
  const auto over = take(call);
  if (!over) return;
  if (over->timer != nullptr) over->timer->cancel();
  if (over->process != nullptr) over->process->signal(SIGKILL);
  over->to->failed(why);
}

bool call_desk::drop(const call_ticket& call) { return take(call).has_value(); }

void call_desk::fail_all(errc why) {
  std::vector<call_ticket> all;
  {
    const std::lock_guard lock(mutex_);
    table_.each([&](const core::slot_name& name, const running& /*call*/) {
      all.push_back({name.generation, name.slot});
    });
  }
  for (const call_ticket& call : all) {
    const std::string what = text_of(call) + " was under way";
    fail(call, {.code = why, .status = {}, .what = what});
  }
}

async_home call_desk::home() const {
  const auto rt = rt_.lock();
  if (rt == nullptr) throw error(errc::runtime_gone, "calling after the runtime was destroyed");
  return home_of(rt);
}

// --- the port ---

call_port::call_port(runtime& rt) : desk_(rt.state()->calls(rt)) {}
call_ticket call_port::open(call_continuation& to) { return desk_->open(to); }
queue_sender<call_reply> call_port::replies() const { return desk_->replies(); }
void call_port::begin(const call_ticket& call, const call_options& options, start_recipe recipe) {
  desk_->begin(call, options, std::move(recipe));
}
bool call_port::drop(const call_ticket& call) { return desk_->drop(call); }
void call_port::abort(const call_ticket& call) {
  desk_->fail(call, {.code = std::error_code(ECANCELED, std::system_category()), .status = {}});
}
async_home call_port::home() const { return desk_->home(); }

}  // namespace bulkhead::detail
