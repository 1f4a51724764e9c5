#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace bulkhead::detail {

/// A number that no other running thread of this process has, a multiple of 16. Two instructions.
inline std::uintptr_t this_thread_mark() noexcept {
#if defined(__x86_64__)
  std::uintptr_t mark;
  asm("movq %%fs:0, %0" : "=r"(mark));
  return mark;
#else
  alignas(16) static thread_local char mark;
  return reinterpret_cast<std::uintptr_t>(&mark);
#endif
}

/// Lets one thread into one side of a pipe end without a lock: it is the gate's own thread until
/// another comes. The others lock a mutex, and take the gate away first (`pipe_lock`).
///
/// The own thread pays two stores to a line that nobody else writes; whoever takes the gate away
/// pays a heavy barrier. Each thread that ever had the gate says in a cell of its own that it is
/// inside: what a thread still writes there that lost the gate in the middle of `enter` cannot be
/// taken for a word of the next owner's. In memory that a forked copy finds empty no thread is the
/// gate's own.
class pipe_gate {
 public:
  /// Threads that may ever have the gate; the others go by the lock.
  static constexpr std::uintptr_t threads_max = 16;

  /// @returns true: the caller is inside, and calls `leave` soon.
  [[nodiscard]] [[gnu::always_inline]] bool enter() noexcept {
    const std::uintptr_t owner = owner_.load(std::memory_order_relaxed);
    const std::uintptr_t which = owner - this_thread_mark();
    if (which >= threads_max) [[unlikely]]
      return false;
    announce(which);
    return is_still(owner, which);
  }
  /// Release: who takes the gate away sees what was done inside.
  [[gnu::always_inline]] void leave() noexcept {
    steps_.store(steps_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // The halves of `enter`, between which a test may look.
  void announce(std::uintptr_t which) noexcept {
    cells_[which].store(steps_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_still(std::uintptr_t owner, std::uintptr_t which) noexcept {
    // After the announcement, as seen by who does a heavy barrier after it changed the owner.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (owner_.load(std::memory_order_relaxed) == owner) [[likely]]
      return true;
    cells_[which].store(0, std::memory_order_relaxed);
    return false;
  }

  // For pipe_lock, which holds the mutex. The owner is a thread's mark and, in the low bits, its
  // cell.
  [[nodiscard]] std::uintptr_t owner() const noexcept {
    return owner_.load(std::memory_order_relaxed);
  }
  void give_to(std::uintptr_t owner) noexcept { owner_.store(owner, std::memory_order_relaxed); }
  /// @returns whether that former owner is inside. It is from its announcement of a step until the
  /// step counts. Acquire: if it is out we see what it did.
  [[nodiscard]] bool is_inside(std::uintptr_t owner) const noexcept {
    const std::uint64_t announced = cells_[owner % threads_max].load(std::memory_order_acquire);
    return announced == steps_.load(std::memory_order_acquire) + 1;
  }

 private:
  std::atomic<std::uintptr_t> owner_{0};
  std::atomic<std::uint64_t> steps_{0};  // written by who is inside
  std::array<std::atomic<std::uint64_t>, threads_max> cells_{};
};

}  // namespace bulkhead::detail
