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
#include <vector>

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

// @returns nothing where the text is no list of descriptors' numbers.
std::vector<int> numbers_in(const char* text) {
  std::vector<int> numbers;
  for (;;) {
    char* end = nullptr;
    const long number = std::strtol(text, &end, 10);
    if (end == text || number <= 2 || number >= 1 << 30) return {};
    numbers.push_back(static_cast<int>(number));
    if (*end == '\0') return numbers;
    if (*end != ',') return {};
    text = end + 1;
  }
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

std::optional<std::vector<unique_fd>> take_keeper_mark() {
  const std::string name(keeper_mark, std::strlen(keeper_mark) - 1);
  const char* value = ::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  const std::vector<int> numbers = numbers_in(value);
  ::unsetenv(name.c_str());
  if (numbers.empty() || !is_control_socket(numbers.front())) return std::nullopt;
  std::vector<unique_fd> inherited;
  for (const int number : numbers) {
    if (::fcntl(number, F_SETFD, FD_CLOEXEC) == 0) inherited.emplace_back(number);
  }
  return inherited;
}

void run_keeper(std::vector<unique_fd> inherited, child_main run_child) {
  ::prctl(PR_SET_NAME, "bh-keeper");
  // What the program printed before init is the host's to say, once, and not each child's again.
  __fpurge(stdout);
  try {
    std::vector<int> kept = {0, 1, 2};
    for (const unique_fd& fd : inherited) kept.push_back(fd.get());
    close_all_but(std::move(kept));
    unique_fd child_signals = set_keeper_signals();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const rlimit descriptors = raise_descriptor_limit();
    tree(std::move(inherited), std::move(child_signals), descriptors, run_child).run();
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
