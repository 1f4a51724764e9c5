#pragma once

#include <atomic>
#include <cstdint>

#include "core/pulse.hpp"

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
  /// What is told of operations and waits; nullptr: nobody watches this process.
  core::heart* heart = nullptr;

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

/// Bells that this process has no descriptors of: who has them rings in its place.
class far_bells {
 public:
  virtual void ring(int which) noexcept = 0;

 protected:
  ~far_bells() = default;
};

/// The two eventfds of a mailbox, as far as this process has them.
class bell_pair {
 public:
  /// @returns -1 when there is none.
  [[nodiscard]] int operator[](int which) const noexcept {
    return descriptors_[which].load(std::memory_order_relaxed);
  }
  void set(int which, int descriptor) noexcept {
    descriptors_[which].store(descriptor, std::memory_order_relaxed);
  }
  /// Who rings where there is no descriptor. Once, before others have the object.
  void set_far(far_bells* far) noexcept { far_ = far; }

  void ring(int which, const platform& os) const noexcept {
    const int bell = (*this)[which];
    if (bell >= 0) {
      if (os.ring != nullptr) os.ring(bell);
    } else if (far_ != nullptr) {
      far_->ring(which);
    }
  }
  void ring_both(const platform& os) const noexcept {
    ring(0, os);
    ring(1, os);
  }

 private:
  std::atomic<int> descriptors_[2] = {-1, -1};
  far_bells* far_ = nullptr;
};

}  // namespace bulkhead::core
