#pragma once

#include "pipe_lock.hpp"

namespace support {

/// A gate and its lock, as the ports of a mailbox use them.
class gated {
 public:
  explicit gated(const bulkhead::core::platform& os) : os_(os), lock_(gate_, os_) {}
  void lock() {
    const bool through = gate_.enter();
    if (!through) lock_.lock();
    through_ = through;  // guarded by what was just entered
  }
  void unlock() {
    if (through_) {
      gate_.leave();
    } else {
      lock_.unlock();
    }
  }

 private:
  bulkhead::core::platform os_;
  bulkhead::detail::pipe_gate gate_;
  bulkhead::detail::pipe_lock lock_;
  bool through_ = false;
};

}  // namespace support
