#include "heart.hpp"

#include <pthread.h>
#include <new>
#include <thread>

#include "core/watchdog.hpp"
#include "os/signals.hpp"

namespace bulkhead::detail {

namespace pulse = core::pulse;

/// What a thread has told the heart. A thread that ends takes no part any more.
struct process_heart::thread_part {
  process_heart* counted_by = nullptr;
  std::uint32_t waits = 0;  // nested
  bool is_loop = false;

  thread_part() = default;
  thread_part(const thread_part&) = delete;
  thread_part& operator=(const thread_part&) = delete;
  ~thread_part() {
    if (counted_by == nullptr || !counted_by->is_here()) return;
    if (is_loop) {
      counted_by->loop_beats_.store(false, std::memory_order_relaxed);
    } else {
      counted_by->change(0 - pulse::thread);
    }
  }
  static thread_part& mine() noexcept {
    static thread_local thread_part part;
    return part;
  }
};

process_heart::process_heart(os::pulse_memory pulse, std::chrono::nanoseconds patience)
    : interval_(core::watchdog::interval(patience)), pulse_(std::move(pulse)) {
  *static_cast<volatile bool*>(page_.data()) = true;
}

bool process_heart::is_here() const noexcept {
  return *static_cast<const volatile bool*>(page_.data());
}

// Relaxed: the keeper only sees that it changed.
void process_heart::change(std::uint64_t by) noexcept {
  pulse_.word().fetch_add(by, std::memory_order_relaxed);
}

// The runtime's thread is counted where its waits are marked. Those above the most are not counted,
// nor are their waits.
void process_heart::join_in(thread_part& me) noexcept {
  if (me.counted_by != nullptr) return;
  const std::uint64_t word = pulse_.word().load(std::memory_order_relaxed);
  if (!me.is_loop && pulse::threads_in(word) >= pulse::counts_max / 2) return;
  me.counted_by = this;
  if (me.is_loop) {
    loop_beats_.store(true, std::memory_order_relaxed);
  } else {
    change(pulse::thread);
  }
}

void process_heart::beat() noexcept {
  if (!is_here()) return;
  join_in(thread_part::mine());
  change(pulse::beat);
}

void process_heart::begin_wait() noexcept {
  if (!is_here()) return;
  thread_part& me = thread_part::mine();
  join_in(me);
  if (me.waits++ != 0) return;
  if (me.is_loop) {
    loop_waits_.store(true, std::memory_order_relaxed);
  } else if (me.counted_by != nullptr) {
    change(pulse::waiter);
  }
}

void process_heart::end_wait() noexcept {
  if (!is_here()) return;
  thread_part& me = thread_part::mine();
  if (--me.waits != 0) return;
  if (me.is_loop) {
    loop_waits_.store(false, std::memory_order_relaxed);
  } else if (me.counted_by != nullptr) {
    change(pulse::beat - pulse::waiter);
  }
}

void process_heart::mark_loop_thread() noexcept { thread_part::mine().is_loop = true; }

// --- its own thread ---

void process_heart::start(asker ask_loop) {
  ask_loop_ = std::move(ask_loop);
  const os::all_signals_blocked block;
  std::thread([this] { run(); }).detach();
}

void process_heart::run() {
  ::pthread_setname_np(::pthread_self(), "bh-heart");
  for (;;) {
    std::this_thread::sleep_for(interval_);
    try {
      look_at_gates();
      look_at_loop();
    } catch (const std::bad_alloc&) {
      // Asking again is for the next time.
    }
  }
}

void process_heart::look_at_gates() {
  std::uint64_t passed = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const pipe_gate* const gate : gates_) passed += gate->position() + gate->visits();
  }
  if (std::exchange(passed_, passed) != passed) change(pulse::beat);
}

void process_heart::look_at_loop() {
  const bool counts = loop_beats_.load(std::memory_order_relaxed);
  const bool answered = loop_answered_.load(std::memory_order_relaxed);
  const bool waits = counts && (answered || loop_waits_.load(std::memory_order_relaxed));
  if (waits != std::exchange(is_loop_marked_, waits)) {
    change(waits ? pulse::waiter : pulse::beat - pulse::waiter);
  }
  if (counts != std::exchange(is_loop_counted_, counts)) {
    change(counts ? pulse::thread : 0 - pulse::thread);
  }
  if (!counts || !answered) return;
  loop_answered_.store(false, std::memory_order_relaxed);
  ask_loop_([this] { loop_answered_.store(true, std::memory_order_relaxed); });
}

// --- what it looks at ---

void process_heart::add(const pipe_gate* gate) {
  const std::lock_guard lock(mutex_);
  gates_.insert(gate);
}

// In a forked copy its thread may have held the lock, and is not here.
void process_heart::remove(const pipe_gate* gate) noexcept {
  if (!is_here()) return;
  const std::lock_guard lock(mutex_);
  gates_.erase(gate);
}

watched_gates::watched_gates(process_heart* heart, const pipe_gate& out, const pipe_gate& in)
    : heart_(heart), gates_{&out, &in} {
  if (heart_ == nullptr) return;
  for (const pipe_gate* const gate : gates_) heart_->add(gate);
}

watched_gates::~watched_gates() {
  if (heart_ == nullptr) return;
  for (const pipe_gate* const gate : gates_) heart_->remove(gate);
}

}  // namespace bulkhead::detail
