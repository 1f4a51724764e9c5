#pragma once

#include <atomic>
#include <cstdint>

namespace bulkhead::detail {

/// A number that no other running thread of this process has. Two instructions.
inline std::uintptr_t this_thread_mark() noexcept {
#if defined(__x86_64__)
  std::uintptr_t mark;
  asm("movq %%fs:0, %0" : "=r"(mark));
  return mark;
#else
  static thread_local char mark;
  return reinterpret_cast<std::uintptr_t>(&mark);
#endif
}

/// Lets one thread into one side of a pipe end without a lock: it is the gate's own thread until
/// another comes. The others lock a mutex, and take the gate away first (`pipe_lock`).
///
/// The own thread pays two stores to a line that nobody else writes; whoever takes the gate away
/// pays a heavy barrier. In memory that a forked copy finds empty no thread is the gate's own.
class pipe_gate {
 public:
  /// @returns true: the caller is inside, and calls `leave` soon.
  [[nodiscard]] bool enter() noexcept {
    const std::uintptr_t me = this_thread_mark();
    if (owner_.load(std::memory_order_relaxed) != me) return false;
    busy_.store(1, std::memory_order_relaxed);
    // Before the second look, as seen by who does a heavy barrier after it changed the owner.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (owner_.load(std::memory_order_relaxed) == me) return true;
    busy_.store(0, std::memory_order_release);
    return false;
  }
  /// Release: who takes the gate away sees what was done inside.
  void leave() noexcept { busy_.store(0, std::memory_order_release); }

  // For pipe_lock, which holds the mutex.
  [[nodiscard]] std::uintptr_t owner() const noexcept {
    return owner_.load(std::memory_order_relaxed);
  }
  void give_to(std::uintptr_t thread) noexcept { owner_.store(thread, std::memory_order_relaxed); }
  [[nodiscard]] bool is_busy() const noexcept { return busy_.load(std::memory_order_acquire) != 0; }

 private:
  std::atomic<std::uintptr_t> owner_{0};
  std::atomic<std::uint32_t> busy_{0};
};

}  // namespace bulkhead::detail
