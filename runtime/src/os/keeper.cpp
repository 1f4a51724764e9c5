#include "os/keeper.hpp"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bulkhead/errc.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <system_error>

#include "os/keeper/descriptors.hpp"
#include "os/keeper/signals.hpp"
#include "os/keeper/tree.hpp"
#include "os/keeper_mark.hpp"

namespace bulkhead::os {
namespace {

constexpr int unexpected_code = 70;  // EX_SOFTWARE of sysexits.h

// A mark that somebody left in the environment by mistake names no such socket.
bool is_control_socket(int fd) noexcept {
  int type = 0;
  socklen_t bytes = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 && type == SOCK_SEQPACKET;
}

// The keeper has a few descriptors for each process and queue; its children get the host's limit
// back.
rlimit raise_descriptor_limit() noexcept {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit most{before.rlim_max, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &most);
  return before;
}

}  // namespace

std::optional<unique_fd> take_keeper_mark() {
  const std::string name(keeper_mark, std::strlen(keeper_mark) - 1);
  const char* value = ::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  char* end = nullptr;
  const long number = std::strtol(value, &end, 10);
  const bool whole = end != value && *end == '\0' && number > 2 && number < 1 << 30;
  ::unsetenv(name.c_str());
  if (!whole || !is_control_socket(static_cast<int>(number))) return std::nullopt;
  ::fcntl(static_cast<int>(number), F_SETFD, FD_CLOEXEC);
  return unique_fd(static_cast<int>(number));
}

void run_keeper(unique_fd control, child_main run_child) {
  ::prctl(PR_SET_NAME, "bh-keeper");
  // What the program printed before init is the host's to say, once, and not each child's again.
  __fpurge(stdout);
  try {
    close_all_but({0, 1, 2, control.get()});
    unique_fd child_signals = set_keeper_signals();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const rlimit descriptors = raise_descriptor_limit();
    tree(channel(std::move(control)), std::move(child_signals), descriptors, run_child).run();
  } catch (const std::exception& failure) {
    const auto* const known = dynamic_cast<const std::system_error*>(&failure);
    if (known != nullptr && known->code() == errc::owner_gone) ::_exit(0);  // the host has ended
    std::fprintf(stderr, "bulkhead: the keeper (process %d) ends: %s\n", ::getpid(),
                 failure.what());
    ::_exit(unexpected_code);
  }
  ::_exit(0);
}

}  // namespace bulkhead::os
