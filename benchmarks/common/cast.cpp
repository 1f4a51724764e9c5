#include "common/cast.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

namespace bench {
namespace {

pid_t start(const player& who) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid != 0) return pid;
  // A run that is ended from outside leaves no spinning child.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  int status = 0;
  try {
    pin_to(who.cpu);
    who.play();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    status = 1;
  }
  // No destructors: what the parent set up is the parent's.
  std::fflush(nullptr);
  _exit(status);
}

}  // namespace

void fork_all(const std::vector<player>& cast) {
  std::vector<pid_t> pids;
  for (const player& who : cast) pids.push_back(start(who));
  bool well = true;
  for (std::size_t left = pids.size(); left != 0; --left) {
    int status = 0;
    if (waitpid(-1, &status, 0) < 0) break;
    if (well && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
      // The others may wait for the one that failed for ever.
      well = false;
      for (const pid_t pid : pids) kill(pid, SIGKILL);
    }
  }
  if (!well) throw std::runtime_error("a process of the run failed");
}

}  // namespace bench
