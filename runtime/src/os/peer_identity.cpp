#include "os/peer_identity.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "os/unique_fd.hpp"

namespace bulkhead::os {

peer_identity identity_of_peer(int socket) noexcept {
  ucred who{};
  socklen_t bytes = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &bytes) != 0) return {};
  return {who.pid, who.uid};
}

// Only a pidfd's fdinfo has a line "Pid:"; it says -1 when the process is reaped, and 0 when it is
// in a namespace that we do not see.
pid_t process_of(int pidfd) noexcept {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(pidfd);
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text{};
  if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
  const char* line = std::strstr(text.data(), "\nPid:");
  if (line == nullptr) return 0;
  const long pid = std::strtol(line + 5, nullptr, 10);
  return pid > 0 ? static_cast<pid_t>(pid) : 0;
}

}  // namespace bulkhead::os
