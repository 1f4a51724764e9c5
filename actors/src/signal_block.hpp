#pragma once

#include <pthread.h>
#include <signal.h>

namespace bulkhead::actors::detail {

/// Blocks all signals in this thread while it lives: threads that are started meanwhile keep them
/// blocked, so that the host's signals go where the host wants them.
class signal_block {
 public:
  signal_block() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signal_block(const signal_block&) = delete;
  signal_block& operator=(const signal_block&) = delete;
  ~signal_block() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace bulkhead::actors::detail
