#include "process_state.hpp"

#include <unistd.h>
#include <boost/asio/steady_timer.hpp>
#include <bulkhead/errc.hpp>
#include <cerrno>
#include <csignal>

#include "heart.hpp"
#include "own_thread.hpp"
#include "process_record.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {

void process_state::begin(std::uint32_t serial, pid_t pid, std::uint64_t incarnation) {
  const std::lock_guard lock(mutex_);
  serial_ = serial;
  pid_ = pid;
  incarnation_ = incarnation;
  over_ = false;
  single_.reset();
}

std::shared_ptr<process_state> process_state::only(process_state& of, std::uint64_t incarnation) {
  const std::lock_guard lock(of.mutex_);
  if (incarnation == 0 || incarnation != of.incarnation_) {
    throw error(errc::stale_incarnation, "process '" + of.name_ + "' is at incarnation " +
                                             std::to_string(of.incarnation_) + ", not " +
                                             std::to_string(incarnation));
  }
  if (of.is_single_) return of.shared_from_this();
  if (auto there = of.single_.lock()) return there;
  auto one = std::make_shared<process_state>(of.owner_, of.name_, of.shutdown_);
  one->child_id_ = of.child_id_;
  one->is_single_ = true;
  one->serial_ = of.serial_;
  one->pid_ = of.pid_;
  one->incarnation_ = incarnation;
  one->status_ = of.status_;
  one->over_ = of.pid_ == 0;
  of.single_ = one;
  return one;
}

void process_state::end(const exit_status& status) {
  std::shared_ptr<process_state> single;
  {
    const std::lock_guard lock(mutex_);
    pid_ = 0;
    status_ = status;
    single = single_.lock();
  }
  if (single == nullptr) return;
  single->end(status);
  single->finish();
}

void process_state::finish() {
  const std::lock_guard lock(mutex_);
  over_ = true;
  changed_.notify_all();
  const std::uint64_t once = 1;
  for (const int bell : watchers_) static_cast<void>(!::write(bell, &once, sizeof once));
  if (bell_) static_cast<void>(!::write(bell_.get(), &once, sizeof once));
}

int process_state::bell() {
  const std::lock_guard lock(mutex_);
  if (!bell_) bell_ = os::make_bell();
  return bell_.get();
}

bool process_state::watch(int bell) {
  const std::lock_guard lock(mutex_);
  if (over_) return false;
  watchers_.push_back(bell);
  return true;
}

void process_state::unwatch(int bell) {
  const std::lock_guard lock(mutex_);
  std::erase(watchers_, bell);
}

pid_t process_state::pid() const {
  const std::lock_guard lock(mutex_);
  return pid_;
}

std::uint64_t process_state::incarnation() const {
  const std::lock_guard lock(mutex_);
  return incarnation_;
}

std::uint32_t process_state::serial() const {
  const std::lock_guard lock(mutex_);
  return serial_;
}

std::error_code process_state::why_untold() const {
  const auto owner = owner_.lock();
  return owner != nullptr ? owner->why_silent() : std::error_code(errc::runtime_gone);
}

// In a forked copy another thread of the original may have our lock.
std::error_code process_state::why_in_vain() const {
  const std::error_code why = why_untold();
  return why && why != errc::not_initialised && is_over() ? std::error_code() : why;
}

bool process_state::is_over() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

bool process_state::is_told_here() const {
  const auto owner = owner_.lock();
  return owner != nullptr && owner->runs_here();
}

void process_state::refuse_to_wait_here() const {
  if (const auto owner = owner_.lock()) {
    refuse_on_own_thread(*owner, "waiting for process '" + name_ + "'",
                         "use async_wait, or wait on another thread");
  }
}

// The timer goes with the runtime, which ends the process anyway.
void process_state::kill_after(std::chrono::milliseconds time) {
  const auto owner = owner_.lock();
  if (owner == nullptr) return;
  const auto timer = std::make_shared<boost::asio::steady_timer>(owner->loop(), time);
  timer->async_wait([timer, self = shared_from_this()](auto failure) {
    if (failure || self->is_over()) return;
    try {
      self->signal(SIGKILL);
    } catch (const std::exception&) {
      // The keeper is gone, or the runtime, and every child with it.
    }
  });
}

exit_status process_state::join() {
  return *join_until(std::chrono::steady_clock::time_point::max());
}

std::optional<exit_status> process_state::join_until(
    std::chrono::steady_clock::time_point deadline) {
  // A runtime that stops meanwhile knows of nobody who waits here.
  constexpr std::chrono::seconds recheck{1};
  const core::waiting_mark mark(process_record::heart());
  for (;;) {
    if (const std::error_code why = why_in_vain()) {
      throw error(why, "waiting for process '" + name_ + "', of whose end nobody is told here");
    }
    const auto now = std::chrono::steady_clock::now();
    // What has ended, or is not waited for, is no matter of the thread's.
    if (deadline > now && !is_over()) refuse_to_wait_here();
    const auto until = deadline - now > recheck ? now + recheck : deadline;
    std::unique_lock lock(mutex_);
    if (changed_.wait_until(lock, until, [this] { return over_; })) return status_;
    if (until == deadline) return std::nullopt;
  }
}

std::optional<std::uint32_t> process_state::running() const {
  const std::lock_guard lock(mutex_);
  if (pid_ != 0) return serial_;
  if (!is_single_) return std::nullopt;
  throw error(errc::stale_incarnation, "incarnation " + std::to_string(incarnation_) +
                                           " of process '" + name_ + "' has ended");
}

template <class Ask>
void process_state::ask_owner(Ask ask) {
  const auto owner = owner_.lock();
  if (owner == nullptr) return;
  try {
    ask(*owner);
  } catch (const std::system_error& failure) {
    // With its runtime it ends anyway.
    if (failure.code() == errc::runtime_gone) return;
    // It has ended, and we are about to be told.
    if (failure.code() != errc::stale_incarnation || is_single_) throw;
  }
}

void process_state::request_stop() {
  const auto serial = running();
  if (!serial) return;
  ask_owner([&](runtime_state& owner) { owner.request_stop(*serial); });
}

// By the keeper, which has its pidfd: it never names a process that took over the number. A
// descriptor for each of thousands of children would use up ours.
void process_state::signal(int number) {
  const auto serial = running();
  if (!serial) return;
  ask_owner([&](runtime_state& owner) { owner.signal(*serial, number); });
}

// One that ended, of which we are about to be told, is the keeper's to refuse.
os::unique_fd process_state::open() {
  const auto serial = running();
  const auto owner = owner_.lock();
  if (owner == nullptr) {
    throw error(errc::runtime_gone,
                "the runtime of process '" + name_ + "' is gone, and with it " + "the process");
  }
  if (!serial) {
    throw error(errc::stale_incarnation,
                "'" + name_ + "' has no process now, so there is no pidfd of it; it has ended, " +
                    "waits for its restart, or is a supervisor in this process");
  }
  return owner->open_child(*serial, name_);
}

}  // namespace bulkhead::detail
