#pragma once

#include <sched.h>

#include <algorithm>
#include <array>
#include <bulkhead/detail/pipe_gate.hpp>
#include <mutex>

#include "core/platform.hpp"

namespace bulkhead::detail {

struct pipe_in_port;
/// Looks for the next frame of a ring of bytes for a while, inside the gate (pipe_spin.cpp).
/// @returns true: there is one, or a restart's mark.
bool spin_for_frame(pipe_in_port& port) noexcept;

/// The slow way into one side of a pipe end: a mutex, under which the gate is nobody else's. A
/// thread that comes often enough without another in between gets the gate for its own.
class pipe_lock {
 public:
  pipe_lock(pipe_gate& gate, const core::platform& os) noexcept : gate_(&gate), os_(&os) {}
  pipe_lock(const pipe_lock&) = delete;
  pipe_lock& operator=(const pipe_lock&) = delete;

  void lock() {
    if (os_->heart != nullptr) os_->heart->beat();
    mutex_.lock();
    const std::uintptr_t me = this_thread_mark();
    const std::uintptr_t owner = gate_->owner();
    if (owner - me < pipe_gate::threads_max) return;
    if (owner != 0) take_away(owner);
    run_ = last_ == me ? run_ + 1 : 1;
    last_ = me;
    // Where the kernel refuses the heavy barrier the gate stays shut for all.
    if (run_ >= needed_ && !shut_ && !os_->fences) give_to(me);
  }
  void unlock() { mutex_.unlock(); }

  /// Nobody has the gate until somebody comes again. @limits the caller holds the lock.
  void close() noexcept {
    gate_->give_to(0);
    run_ = 0;
  }
  /// From now on nobody gets the gate. @limits the caller holds the lock.
  void shut() noexcept {
    shut_ = true;
    gate_->give_to(0);
  }
  /// Undoes that. @limits the caller holds the lock.
  void open() noexcept { shut_ = false; }

 private:
  static constexpr std::uint32_t needed_most = 1u << 16;

  // The owner either sees that the gate is not its own, or we see that it is inside; it is there
  // for moments only. Threads that alternate pay for this less and less often.
  void take_away(std::uintptr_t owner) {
    gate_->give_to(0);
    os_->heavy_barrier();
    while (gate_->is_inside(owner)) sched_yield();
    needed_ = std::min(needed_ * 4, needed_most);
  }

  // A cell stays its thread's: one that lost the gate may yet write there. Marks come again when
  // threads end, so sixteen cells are enough for any number of threads one after the other.
  void give_to(std::uintptr_t thread) noexcept {
    for (std::uintptr_t cell = 0; cell < users_.size(); ++cell) {
      if (users_[cell] != 0 && users_[cell] != thread) continue;
      users_[cell] = thread;
      return gate_->give_to(thread + cell);
    }
  }

  pipe_gate* gate_;
  const core::platform* os_;
  std::mutex mutex_;
  std::uintptr_t last_ = 0;
  std::uint32_t run_ = 0;
  std::uint32_t needed_ = 1;
  bool shut_ = false;
  std::array<std::uintptr_t, pipe_gate::threads_max> users_{};  // of the gate's cells
};

}  // namespace bulkhead::detail
