#include "os/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "os/system_failure.hpp"

namespace bulkhead::os {

// The lowest free number is what open returns. Children inherit these as they do the real ones.
void fill_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    const int opened = ::open("/dev/null", O_RDWR | O_NOCTTY);
    if (opened < 0) throw_last_error("opening /dev/null for a standard stream that is closed");
    if (opened > STDERR_FILENO) ::close(opened);  // another thread was faster
  }
}

}  // namespace bulkhead::os
