#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace bulkhead::detail {

class queue_state;

/// Keeps a queue that no handle names any more while deliveries of it are not settled. The port of
/// the thread that takes most counts its deliveries by itself (queue_in_port::held); `keep` adds
/// them in.
/// @threads any.
class lease_pin {
 public:
  void add() noexcept {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  /// A delivery is settled. The queue may be gone when this returns.
  void remove() noexcept {
    std::shared_ptr<queue_state> last;  // goes after the lock
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) last = std::move(self_);
  }
  /// The last handle, `self`, is gone; `held` deliveries more are counted here from now on.
  void keep(std::shared_ptr<queue_state> self, std::int64_t held) noexcept {
    std::shared_ptr<queue_state> old;  // goes after the lock
    const std::lock_guard lock(mutex_);
    count_ += held;
    old = std::move(self_);
    if (count_ != 0) self_ = std::move(self);
  }

 private:
  std::mutex mutex_;
  std::int64_t count_ = 0;
  std::shared_ptr<queue_state> self_;
};

}  // namespace bulkhead::detail
