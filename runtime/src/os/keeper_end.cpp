#include "os/keeper_end.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace bulkhead::os {
namespace {

constexpr int death_patience_ms = 10'000;

}  // namespace

bool has_ended(int pidfd, int timeout_ms) noexcept {
  pollfd ended{pidfd, POLLIN, 0};
  int result = -1;
  do {
    result = ::poll(&ended, 1, timeout_ms);
  } while (result < 0 && errno == EINTR);
  if (result != 1) return false;
  siginfo_t ignored{};
  static_cast<void>(
      ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &ignored, WEXITED | WNOHANG));  // if it is ours
  return true;
}

bool end_for_sure(int pidfd) noexcept {
  ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  return has_ended(pidfd, death_patience_ms);
}

}  // namespace bulkhead::os
