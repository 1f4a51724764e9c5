#pragma once

#include <atomic>
#include <cstdint>

namespace bulkhead::core {

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
      std::atomic_thread_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
};

}  // namespace bulkhead::core
