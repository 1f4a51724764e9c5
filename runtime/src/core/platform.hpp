#pragma once

#include <atomic>
#include <cstdint>

namespace bulkhead::core {

/// A full fence. The thread sanitizer knows no fences, and g++ says so at each: in that build it is
/// an exchange of a word that no other thread has, which orders the CPU and hides no race.
inline void full_fence() noexcept {
#if defined(__SANITIZE_THREAD__)
  thread_local std::atomic<std::uint32_t> own{0};
  own.exchange(1, std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// What the protocol needs of the operating system; tests and simulators supply their own.
struct platform {
  /// Wakes every thread that sleeps on `word`, in any process.
  void (*wake)(std::atomic<std::uint32_t>& word) noexcept;
  /// Makes all stores and loads of every process that did light barriers ordered against ours.
  void (*heavy_barrier)() noexcept;
  /// Light barriers must be full fences: this process could not register for the heavy one.
  bool fences = false;
  /// Rings an eventfd for those that wait for descriptors. Never waits. nullptr: there are none.
  void (*ring)(int bell) noexcept = nullptr;

  /// Orders the stores before it against the loads after it, as seen by whoever does a heavy
  /// barrier in between.
  void light_barrier() const noexcept {
    if (fences) {
      full_fence();
    } else {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
};

}  // namespace bulkhead::core
