#include "runtime_state.hpp"

#include <unistd.h>
#include <algorithm>
#include <bulkhead/errc.hpp>
#include <cstdio>
#include <stdexcept>

#include "call_desk.hpp"
#include "heart.hpp"
#include "os/end_with_keeper.hpp"
#include "os/keeper_start.hpp"
#include "os/signals.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "succession.hpp"

namespace bulkhead::detail {

namespace control = os::control;

namespace {

constexpr int keeper_end_patience_ms = 2000;  // the longest that a tree takes to end

}  // namespace

runtime_state::runtime_state(boost::asio::any_io_executor executor, std::shared_ptr<log_sink> log)
    : executor_(std::move(executor)), log_(std::move(log)), loop_(1), work_(loop_.get_executor()) {}

runtime_state::runtime_state(std::shared_ptr<process_context> context)
    : loop_(1), work_(loop_.get_executor()), context_(std::move(context)) {}

runtime_state::~runtime_state() { stop(); }

boost::asio::any_io_executor runtime_state::executor() {
  return executor_ ? executor_ : boost::asio::any_io_executor(loop_.get_executor());
}

// @returns an unlocked one in a forked copy whose original held it at that moment: nobody there
// ever frees it.
std::unique_lock<std::mutex> runtime_state::lock_here() {
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock && ::getpid() == home_) lock.lock();
  return lock;
}

process_context& runtime_state::context() {
  const std::unique_lock lock = lock_here();
  if (!lock) throw error(errc::not_initialised, "using a runtime in a forked copy of its process");
  if (stopped_) throw error(errc::runtime_gone, "using a runtime that was stopped");
  if (context_ == nullptr) begin();
  context_->check_usable();
  return *context_;
}

void runtime_state::ensure_running() {
  context();
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) listen();
}

// The host's first use: the keeper, then the thread, which is the one that notices should the
// keeper die.
void runtime_state::begin() {
  if (!process_record::initialised()) {
    throw error(errc::not_initialised, "add bulkhead::init(argc, argv) as the first line of main");
  }
  os::keeper_connection keeper = os::start_keeper();
  succession_ = std::make_shared<succession>(keeper);
  process_context::identity me;
  me.serial = keeper.greeting.serial;
  me.entry = keeper.greeting.entry;
  context_ =
      std::make_shared<process_context>(me, keeper.control.take(), std::move(keeper.directory));
  context_->set_owner(weak_from_this());
  context_->keep(succession_);
  context_->keeper().set_source(succession_.get());
  listen();
}

// Asks for the event socket and starts the thread that reads it. The caller holds the mutex.
void runtime_state::listen() {
  std::vector<os::unique_fd> descriptors;
  context_->keeper().ask<control::done>(control::kind::subscribe, control::done{}, &descriptors);
  if (descriptors.size() != 1) throw error(errc::corrupt, "the keeper sent no event socket");
  hear(os::channel(std::move(descriptors.front())));
  const os::all_signals_blocked block;
  thread_ = std::thread([this] { run(); });
}

void runtime_state::hear(os::channel events) {
  events_ = std::move(events);
  readable_.emplace(loop_, events_.duplicate().release());
  wait_for_event();
}

// A handler of the user's that throws harms itself only.
void runtime_state::run() {
  process_heart::mark_loop_thread();
  for (;;) {
    try {
      loop_.run();
      return;
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "bulkhead: a handler on the runtime's thread threw: %s\n",
                   failure.what());
    } catch (...) {
      std::fprintf(stderr, "bulkhead: a handler on the runtime's thread threw\n");
    }
  }
}

bool runtime_state::usable() {
  const std::lock_guard lock(mutex_);
  return context_ == nullptr || context_->usable();
}

// In a forked copy another thread of the original may have the lock.
std::error_code runtime_state::why_silent() {
  if (context_ != nullptr && !context_->in_original_process()) return errc::not_initialised;
  const std::lock_guard lock(mutex_);
  return stopped_ ? std::error_code(errc::runtime_gone) : std::error_code();
}

void runtime_state::wait_for_event() {
  readable_->async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](auto failure) {
    if (failure) return;
    os::child_event event;
    constexpr std::chrono::steady_clock::time_point long_past{};
    for (;;) {
      switch (os::next_event(events_, event, long_past)) {
        case os::receive_result::received:
          deliver(event);
          continue;
        case os::receive_result::nothing:
          return wait_for_event();
        default:
          return follow_keeper();
      }
    }
  });
}

void runtime_state::deliver(const os::child_event& told) {
  expected handlers;
  const std::uint32_t serial = told.event.serial;
  {
    const std::lock_guard lock(mutex_);
    const auto known = expected_.find(serial);
    if (known == expected_.end()) {
      early_[serial].push_back(told);
      return;
    }
    if (told.what == control::kind::exited) {
      handlers = std::move(known->second);
      expected_.erase(known);
    } else {
      handlers.at_up = known->second.at_up;
      known->second.is_hung |= told.what == control::kind::hung;
    }
  }
  if (told.what == control::kind::exited) {
    tally_.note_end(told.event);
    return handlers.at_end(told.event);
  }
  if (handlers.at_up) handlers.at_up(told.what);
}

// What came early is delivered on the thread, after whatever runs there now.
void runtime_state::expect(std::uint32_t serial, end_handler at_end, up_handler at_up) {
  const std::lock_guard lock(mutex_);
  const auto early = early_.extract(serial);
  const auto is_end = [](const os::child_event& told) {
    return told.what == control::kind::exited;
  };
  const bool ended =
      !early.empty() && std::any_of(early.mapped().begin(), early.mapped().end(), is_end);
  if (serial < first_serial_ && !ended) {
    tally_.note_start();
    return tell_lost(serial, std::move(at_end));
  }
  // One that is dismissed may be expected already.
  if (expected_.emplace(serial, expected{std::move(at_end), std::move(at_up), false}).second) {
    tally_.note_start();
  }
  if (early.empty()) return;
  boost::asio::post(loop_, [this, all = early.mapped()] {
    for (const os::child_event& told : all) deliver(told);
  });
}

inherited_value runtime_state::find_endpoint(std::string_view name,
                                             std::uint64_t fingerprint) const {
  for (const named_legacy& given : inheritance_.names) {
    if (given.name != name) continue;
    if (given.fingerprint != fingerprint) {
      throw error(errc::type_mismatch, "endpoint '" + std::string(name) +
                                           "' is of another type where it was given; build both "
                                           "programs from one definition");
    }
    return {given.bytes, given.first_endpoint, inheritance_.endpoints.get()};
  }
  std::string names;
  for (const named_legacy& given : inheritance_.names) names += " '" + given.name + "'";
  throw std::invalid_argument("no endpoint '" + std::string(name) + "' was given to this program" +
                              (names.empty() ? "" : "; it has" + names));
}

// The keeper is gone, and its children with it. All that it told before was heard.
void runtime_state::follow_keeper() {
  if (succession_ == nullptr) os::end_with_keeper();
  succession_->finish_off(keeper_generation_);
  context_->keeper().renew_if_gone();
  auto change = succession_->take_change();
  if (!change) return;  // the runtime is being stopped
  keeper_generation_ = change->generation;
  {
    const std::lock_guard lock(mutex_);
    first_serial_ = change->first_serial;
    while (!expected_.empty() && expected_.begin()->first < first_serial_) {
      auto lost = expected_.extract(expected_.begin());
      // What a keeper said of a hung one the next one knows as well.
      const expected& last = lost.mapped();
      tell_lost(lost.key(), last.at_end,
                last.is_hung ? death_cause::watchdog : death_cause::parent_gone);
    }
  }
  hear(std::move(change->events));
}

// Each on its own, so that one that throws keeps no other from being told.
void runtime_state::tell_lost(std::uint32_t serial, end_handler at_end, death_cause cause) {
  control::exited event;
  event.serial = serial;
  event.status.code = -1;
  event.status.cause = cause;
  tally_.note_end(event);
  boost::asio::post(loop_, [at_end = std::move(at_end), event] { at_end(event); });
}

std::uint64_t runtime_state::new_resume_key() {
  const std::lock_guard lock(mutex_);
  return ++last_key_;
}

std::shared_ptr<call_desk> runtime_state::calls(bulkhead::runtime& rt) {
  const std::lock_guard lock(calls_mutex_);
  if (calls_ == nullptr) {
    calls_ = std::make_shared<call_desk>(rt);
    calls_->listen();
  }
  return calls_;
}

// Nobody is told any more; and a supervisor that waits for its children holds us, so that neither
// would go.
void runtime_state::forget_expected() {
  const auto kept = std::move(kept_);         // the thread, whose it is, has ended
  std::map<std::uint32_t, expected> unheard;  // goes when the lock has
  const std::lock_guard lock(mutex_);
  unheard.swap(expected_);
  early_.clear();
}

// The thread ends first, so that it does not take the keeper's orderly end for its death. Then the
// tree ends: the keeper sees the line shut down.
void runtime_state::stop() {
  {
    const std::unique_lock lock = lock_here();
    if (std::exchange(stopped_, true)) return;
    if (!lock) {
      if (thread_.joinable()) thread_.detach();  // it is not here
      return;
    }
  }
  work_.reset();
  loop_.stop();
  if (context_ != nullptr && !context_->usable()) {
    if (thread_.joinable()) thread_.detach();  // a forked copy: the thread is not here
    return;
  }
  if (thread_.joinable()) thread_.join();
  // Release: see await.
  thread_has_ended_.store(true, std::memory_order_release);
  forget_expected();
  if (const std::lock_guard lock(calls_mutex_); calls_ != nullptr) {
    calls_->fail_all(errc::runtime_gone);
    calls_.reset();
  }
  // Nobody would see their owners' ends any more.
  attachments_.end_all(errc::runtime_gone);
  if (context_ == nullptr || succession_ == nullptr) return;
  try {
    // One that was killed is followed by another, which ends all that there was.
    context_->keeper().renew_if_gone();
  } catch (const std::exception&) {
    // Its children end by themselves.
  }
  context_->keeper().shut_down();
  succession_->wait_for_end(keeper_end_patience_ms);
}

}  // namespace bulkhead::detail
