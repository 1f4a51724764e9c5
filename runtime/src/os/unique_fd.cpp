#include "os/unique_fd.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "os/system_failure.hpp"

namespace bulkhead::os {

void unique_fd::reset(int fd) noexcept {
  // Not repeated after EINTR: Linux has closed the descriptor then, and the number may be
  // another's.
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

// Above the standard streams, which the host may have closed.
unique_fd duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw_last_error("duplicating a descriptor");
  return unique_fd(copy);
}

unique_fd make_bell() {
  unique_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell) throw_last_error("making an eventfd");
  return bell;
}

}  // namespace bulkhead::os
