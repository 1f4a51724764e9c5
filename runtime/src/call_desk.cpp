#include "call_desk.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <bulkhead/async.hpp>
#include <csignal>
#include <future>
#include <stdexcept>

namespace bulkhead::detail {
namespace {

constexpr std::uint32_t processes_max = 1024;
constexpr std::size_t answer_bytes_max = std::size_t{256} << 20;

std::string text_of(std::uint64_t call) { return "call " + std::to_string(call >> 32); }

}  // namespace

call_desk::call_desk(runtime& rt)
    : rt_(rt.state()),
      replies_(rt, {.name = "answers of calls",
                    .capacity = 2,
                    .payload_bytes = answer_bytes_max,
                    .participants = processes_max}) {
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

std::uint64_t call_desk::open(call_answer answer) {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  slots_[place].answer = std::move(answer);
  return std::uint64_t{slots_[place].generation} << 32 | place;
}

call_desk::slot* call_desk::find(std::uint64_t call) {
  const auto place = static_cast<std::uint32_t>(call);
  if (place >= slots_.size()) return nullptr;
  slot& s = slots_[place];
  return s.generation == call >> 32 && s.answer ? &s : nullptr;
}

std::optional<call_desk::slot> call_desk::take(std::uint64_t call) {
  const std::lock_guard lock(mutex_);
  slot* const s = find(call);
  if (s == nullptr) return std::nullopt;
  const std::uint32_t next = s->generation + 1;
  std::optional<slot> taken = std::exchange(*s, slot{});
  s->generation = next;
  free_.push_back(static_cast<std::uint32_t>(call));
  return taken;
}

// --- a call's life ---

void call_desk::begin(std::uint64_t call, const call_options& options, start_recipe recipe) {
  if (options.attempts == 0) throw std::invalid_argument("call_options::attempts must be above 0");
  if (options.deadline && *options.deadline <= std::chrono::nanoseconds{0}) {
    throw std::invalid_argument("call_options::deadline must be above 0");
  }
  {
    const std::lock_guard lock(mutex_);
    slot& s = *find(call);
    s.options = options;
    s.recipe = std::move(recipe);
  }
  start(call);
  if (options.deadline) wait_until(call, *options.deadline);
}

void call_desk::start(std::uint64_t call) {
  const auto rt = rt_.lock();
  if (rt == nullptr) throw error(errc::runtime_gone, "calling after the runtime was destroyed");
  start_recipe recipe;
  spawn_options options;
  {
    const std::lock_guard lock(mutex_);
    slot* const s = find(call);
    if (s == nullptr) return;  // cancelled meanwhile
    ++s->attempts;
    recipe = s->recipe;
    options = s->options.process;
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
  process->begin(started.serial, started.pid, std::move(started.pidfd), 1);
  bool wanted = false;
  {
    const std::lock_guard lock(mutex_);
    if (slot* const s = find(call)) {
      s->process = process;
      wanted = true;
    }
  }
  begun.set_value();
  // Answered already, or cancelled: the one is ending, the other must.
  if (!wanted) process->signal(SIGKILL);
}

void call_desk::wait_until(std::uint64_t call, std::chrono::nanoseconds time) {
  const auto rt = rt_.lock();
  if (rt == nullptr) return;
  const auto timer = std::make_shared<boost::asio::steady_timer>(rt->loop());
  timer->expires_after(time);
  {
    const std::lock_guard lock(mutex_);
    slot* const s = find(call);
    if (s == nullptr) return;
    s->timer = timer;
  }
  timer->async_wait([desk = weak_from_this(), call, timer](auto failure) {
    const auto here = desk.lock();
    if (failure || here == nullptr) return;
    here->fail(call, std::make_exception_ptr(
                         error(errc::timed_out, text_of(call) + " had no answer by its deadline")));
  });
}

void call_desk::told_of_reply(const call_reply& reply) {
  const auto over = take(reply.call);
  if (!over) return;  // failed before: by its deadline, or cancelled
  if (over->timer != nullptr) over->timer->cancel();
  over->answer(reply.thrown ? revive(*reply.thrown) : std::exception_ptr(), reply.value);
}

// What the dead one sent it sent before its end, so the answer is here if there is one: in the
// queue, or taken from it and on its way to `told_of_reply`, behind which the rest is put. Only
// then is the call known to have none.
void call_desk::told_of_end(std::uint64_t call, const exit_status& status) {
  std::error_code ec;
  while (const auto reply = replies_.try_receive(ec)) told_of_reply(*reply);
  const auto rt = rt_.lock();
  if (rt == nullptr) return;
  boost::asio::post(rt->loop(), [desk = weak_from_this(), call, status] {
    if (const auto here = desk.lock()) here->end_or_try_again(call, status);
  });
}

void call_desk::end_or_try_again(std::uint64_t call, const exit_status& status) {
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    slot* const s = find(call);
    if (s == nullptr) return;
    // The keeper's death is no attempt of one that may be run again.
    const bool is_blameless = status.cause == death_cause::parent_gone && s->options.attempts > 1;
    if (is_blameless) --s->attempts;
    again = s->attempts < s->options.attempts;
  }
  try {
    if (again) return start(call);
    const bool began = status.cause != death_cause::start_failure;
    throw error(began ? errc::peer_crashed : errc::start_failed,
                text_of(call) + " ended without an answer (" + status.report() + ")", status);
  } catch (const std::exception&) {
    fail(call, std::current_exception());
  }
}

void call_desk::fail(std::uint64_t call, std::exception_ptr why) {
  const auto over = take(call);
  if (!over) return;
  if (over->timer != nullptr) over->timer->cancel();
  if (over->process != nullptr) over->process->signal(SIGKILL);
  over->answer(std::move(why), {});
}

void call_desk::drop(std::uint64_t call) { static_cast<void>(take(call)); }

void call_desk::fail_later(call_answer answer, std::exception_ptr why) {
  const auto rt = rt_.lock();
  if (rt == nullptr) return;
  boost::asio::post(rt->loop(), [answer = std::move(answer), why] { answer(why, {}); });
}

void call_desk::fail_all(errc why) {
  std::vector<std::uint64_t> all;
  {
    const std::lock_guard lock(mutex_);
    for (std::uint32_t place = 0; place < slots_.size(); ++place) {
      all.push_back(std::uint64_t{slots_[place].generation} << 32 | place);
    }
  }
  for (const std::uint64_t call : all) {
    fail(call, std::make_exception_ptr(error(why, text_of(call) + " was under way")));
  }
}

boost::asio::any_io_executor call_desk::executor() const {
  const auto rt = rt_.lock();
  if (rt == nullptr) throw error(errc::runtime_gone, "calling after the runtime was destroyed");
  return rt->executor();
}

// --- the port ---

call_port::call_port(runtime& rt) : desk_(rt.state()->calls(rt)) {}
std::uint64_t call_port::open(call_answer answer) { return desk_->open(std::move(answer)); }
queue_sender<call_reply> call_port::replies() const { return desk_->replies(); }
void call_port::begin(std::uint64_t call, const call_options& options, start_recipe recipe) {
  desk_->begin(call, options, std::move(recipe));
}
void call_port::drop(std::uint64_t call) { desk_->drop(call); }
void call_port::cancel(std::uint64_t call) {
  desk_->fail(call, std::make_exception_ptr(
                        boost::system::system_error(boost::asio::error::operation_aborted)));
}
void call_port::fail_later(call_answer answer, std::exception_ptr why) {
  desk_->fail_later(std::move(answer), std::move(why));
}
boost::asio::any_io_executor call_port::executor() const { return desk_->executor(); }

}  // namespace bulkhead::detail
