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
/// The own thread pays two stores to a line that nobody else writes, one of which says how far the
/// side has come, which it had to say anyway: each store more is waited for where the line of a
/// message comes from another CPU, since a CPU holds a few dozen of them back (the twelfth store a
/// message took 40 % of a pipe's throughput). Whoever takes the gate away pays a heavy barrier.
/// Each thread that ever had the gate says in a cell of its own that it is inside: what a thread
/// still writes there that lost the gate in the middle of `enter` cannot be taken for a word of the
/// next owner's. In memory that a forked copy finds empty no thread is the gate's own.
class pipe_gate {
 public:
  /// Threads that may ever have the gate; the others go by the lock.
  static constexpr std::uintptr_t threads_max = 16;

  /// How far the side has come: a number that only grows. @limits the caller is inside or holds
  /// the lock.
  [[nodiscard]] std::uint64_t position() const noexcept {
    return position_.load(std::memory_order_relaxed);
  }
  /// How often somebody left without having come further. @limits as for `position`.
  [[nodiscard]] std::uint64_t visits() const noexcept {
    return visits_.load(std::memory_order_relaxed);
  }
  /// @limits the caller holds the lock.
  void move_to(std::uint64_t position) noexcept {
    position_.store(position, std::memory_order_relaxed);
  }

  /// @returns true: the caller is inside, and calls `leave` or `leave_at` soon.
  [[nodiscard]] [[gnu::always_inline]] bool enter() noexcept {
    const std::uintptr_t owner = owner_.load(std::memory_order_relaxed);
    const std::uintptr_t which = owner - this_thread_mark();
    if (which >= threads_max) [[unlikely]]
      return false;
    announce(which);
    return is_still(owner, which);
  }
  /// Without having come further. Release, here and below: who takes the gate away sees what was
  /// done inside.
  [[gnu::always_inline]] void leave() noexcept {
    visits_.store(visits_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  /// @limits position: beyond the one before.
  [[gnu::always_inline]] void leave_at(std::uint64_t position) noexcept {
    position_.store(position, std::memory_order_release);
  }

  // The halves of `enter`, between which a test may look.
  [[gnu::always_inline]] void announce(std::uintptr_t which) noexcept {
    cells_[which].store(
        position_.load(std::memory_order_relaxed) + visits_.load(std::memory_order_relaxed) + 1,
        std::memory_order_relaxed);
  }
  [[nodiscard]] [[gnu::always_inline]] bool is_still(std::uintptr_t owner,
                                                     std::uintptr_t which) noexcept {
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
  /// @returns whether that former owner is inside. It is from its announcement of the next sum of
  /// position and visits until one of them has grown. Acquire: if it is out we see what it did.
  [[nodiscard]] bool is_inside(std::uintptr_t owner) const noexcept {
    const std::uint64_t announced = cells_[owner % threads_max].load(std::memory_order_acquire);
    return announced ==
           position_.load(std::memory_order_acquire) + visits_.load(std::memory_order_acquire) + 1;
  }

 private:
  std::atomic<std::uintptr_t> owner_{0};
  // Written by who is inside.
  std::atomic<std::uint64_t> position_{0};
  std::atomic<std::uint64_t> visits_{0};  // that ended where they began
  std::array<std::atomic<std::uint64_t>, threads_max> cells_{};
};

}  // namespace bulkhead::detail
