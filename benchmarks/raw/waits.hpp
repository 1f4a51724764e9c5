#pragma once

#include <sched.h>
#include <atomic>
#include <cstdint>

#include "common/futex.hpp"

namespace bench {

inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Who waits leaves the line that it looks at to its writer for about the time that a line needs
/// between two CPUs: with a look a pause, the writer would have to fetch it back for each message.
/// Worth up to 5x on the rings.
inline void relax_long() noexcept {
  for (unsigned n = 0; n < 32; ++n) relax();
}

// How a raw ring waits. `until(condition)` returns when it holds; `notify()` follows a change that
// the other side may wait for.

/// Only spins: the limit where both sides have a CPU.
class spinning {
 public:
  struct shared {};
  explicit spinning(shared&) {}
  template <class Condition>
  void until(Condition condition) {
    while (!condition()) relax_long();
  }
  void notify() noexcept {}
};

/// Yields after 64 pauses: the limit where there are more processes than CPUs.
class yielding {
 public:
  struct shared {};
  explicit yielding(shared&) {}
  template <class Condition>
  void until(Condition condition) {
    for (unsigned n = 0; !condition(); ++n) {
      if (n < 2) {
        relax_long();
      } else {
        sched_yield();
        n = 0;
      }
    }
  }
  void notify() noexcept {}
};

/// Spins a while, then sleeps on a futex. Whoever changes something fences, then looks for a
/// sleeper: the plain way, without membarrier.
class parking {
 public:
  struct shared {
    alignas(64) std::atomic<std::uint32_t> parked;
  };
  explicit parking(shared& s) : parked_(&s.parked) {}

  template <class Condition>
  void until(Condition condition) {
    for (unsigned n = 0; n < 64; ++n) {
      if (condition()) return;
      relax_long();
    }
    park(condition);
  }
  void notify() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (parked_->load(std::memory_order_relaxed) != 0) wake();
  }

 private:
  template <class Condition>
  [[gnu::noinline, gnu::cold]] void park(Condition condition) {
    for (;;) {
      parked_->store(1, std::memory_order_seq_cst);
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (condition()) break;
      futex_wait(*parked_, 1);
      if (condition()) break;
    }
    parked_->store(0, std::memory_order_relaxed);
  }
  [[gnu::noinline, gnu::cold]] void wake() noexcept {
    if (parked_->exchange(0) != 0) futex_wake(*parked_);
  }
  std::atomic<std::uint32_t>* parked_;
};

}  // namespace bench
