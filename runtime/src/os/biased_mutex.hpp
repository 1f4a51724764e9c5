#pragma once

#include <atomic>
#include <mutex>

#include "core/platform.hpp"

namespace bulkhead::os {

/// A mutex that belongs to the first thread that locks it, which then pays two plain stores a turn
/// instead of two atomic operations; when another thread wants it, it becomes an ordinary mutex for
/// good. Most processes use a mailbox from one thread. The idea is biased locking (Kawachiya,
/// Koseki and Onodera, OOPSLA 2002), with membarrier as the rare side's fence.
/// @threads any. Not recursive.
class biased_mutex {
 public:
  explicit biased_mutex(const core::platform& os) noexcept;
  biased_mutex(const biased_mutex&) = delete;
  biased_mutex& operator=(const biased_mutex&) = delete;

  void lock() {
    if (!enter()) [[unlikely]]
      lock_slowly();
  }
  void unlock() {
    // Set by nobody but the owner, who unlocks what it locked.
    if (held_by_owner_) [[likely]] {
      held_by_owner_ = false;
      // Release: who revokes and then sees this has all that we did inside.
      busy_.store(false, std::memory_order_release);
    } else {
      mutex_.unlock();
    }
  }

 private:
  static const void* this_thread() noexcept {
    static thread_local const char mark = 0;
    return &mark;
  }
  bool enter() noexcept {
    if (owner_.load(std::memory_order_relaxed) != this_thread()) return false;
    busy_.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // pairs with the heavy barrier of revoke
    if (revoked_.load(std::memory_order_relaxed)) {
      // Release as in unlock: who waits in revoke goes on.
      busy_.store(false, std::memory_order_release);
      return false;
    }
    held_by_owner_ = true;
    return true;
  }
  void lock_slowly();
  void revoke() noexcept;

  std::atomic<const void*> owner_{nullptr};
  std::atomic<bool> busy_{false};
  std::atomic<bool> revoked_;
  bool held_by_owner_ = false;  // guarded by the lock itself
  const core::platform* os_;
  std::mutex mutex_;
};

}  // namespace bulkhead::os
