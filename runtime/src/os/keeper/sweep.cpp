#include "os/keeper/sweep.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "os/unique_fd.hpp"

namespace bulkhead::os {
namespace {

constexpr int look_again_ms = 5;

// Until they are reaped their numbers name nobody else.
void kill_children() {
  const std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char part[4096];
  ssize_t got = 0;
  while (file && (got = ::read(file.get(), part, sizeof part)) > 0) {
    text.append(part, static_cast<std::size_t>(got));
  }
  const char* at = text.c_str();
  for (;;) {
    char* end = nullptr;
    const long pid = std::strtol(at, &end, 10);
    if (end == at) return;
    if (pid > 1) ::kill(static_cast<pid_t>(pid), SIGKILL);
    at = end;
  }
}

// @returns false when no child is left.
bool reap() noexcept {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) != 0) return errno == EINTR;
    if (info.si_pid == 0) return true;
  }
}

}  // namespace

void sweep_children(std::chrono::steady_clock::time_point until) noexcept {
  do {
    kill_children();
    if (!reap()) return;
    ::poll(nullptr, 0, look_again_ms);
  } while (std::chrono::steady_clock::now() < until);
}

int count_threads() noexcept {
  DIR* tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return 0;
  int count = 0;
  while (const dirent* entry = ::readdir(tasks)) {
    if (entry->d_name[0] != '.') ++count;
  }
  ::closedir(tasks);
  return count;
}

}  // namespace bulkhead::os
