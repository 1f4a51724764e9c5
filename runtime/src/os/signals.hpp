#pragma once

#include <pthread.h>
#include <csignal>

namespace bulkhead::os {

/// Blocks all signals in the calling thread while it lives, so that a thread started meanwhile has
/// them blocked for good: the host's handlers run on the host's threads.
class all_signals_blocked {
 public:
  all_signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old_);
  }
  all_signals_blocked(const all_signals_blocked&) = delete;
  all_signals_blocked& operator=(const all_signals_blocked&) = delete;
  ~all_signals_blocked() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }

 private:
  sigset_t old_;
};

}  // namespace bulkhead::os
