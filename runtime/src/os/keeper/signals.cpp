#include "os/keeper/signals.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "os/system_failure.hpp"

namespace bulkhead::os {

// Blocked and not ignored: a signal that is sent to a child between its fork and its unblocking
// waits, where an ignored one would be lost.
unique_fd set_keeper_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t all, children;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  unique_fd made(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!made) throw_last_error("asking for SIGCHLD by a descriptor");
  return made;
}

void unblock_child_signals() noexcept {
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace bulkhead::os
