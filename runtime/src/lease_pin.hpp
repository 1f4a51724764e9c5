#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace bulkhead::detail {

class queue_state;

/// Keeps a queue that no handle names any more while deliveries of it are not settled. What was
/// taken, less what the port settled, is counted there (queue_in_port::held); here is what others
/// settled, and `keep` adds both up.
/// @threads any.
class lease_pin {
 public:
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
