#include "common/steps.hpp"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <stdexcept>

namespace bench {
namespace {

// The traced thread marks both ends with a signal that it ignores; its tracer sees it all the same.
constexpr int mark = SIGUSR2;

// Waits until the thread is stopped by the mark and goes on with all that is no mark.
bool run_to_mark(pid_t thread) {
  int status = 0;
  while (waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status)) {
    if (WSTOPSIG(status) == mark) return true;
    ptrace(PTRACE_CONT, thread, nullptr, nullptr);
  }
  return false;
}

std::uint64_t step_to_mark(pid_t thread) {
  std::uint64_t steps = 0;
  int status = 0;
  for (;;) {
    ptrace(PTRACE_SINGLESTEP, thread, nullptr, nullptr);
    if (waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status)) return 0;
    if (WSTOPSIG(status) == mark) return steps;
    if (WSTOPSIG(status) == SIGTRAP) ++steps;
  }
}

// In the tracer's process: tells whether it is attached, then the number.
void trace(pid_t thread, int answers) {
  char attached = ptrace(PTRACE_ATTACH, thread, nullptr, nullptr) == 0;
  if (attached) attached = waitpid(thread, nullptr, __WALL) == thread;
  if (write(answers, &attached, 1) != 1 || !attached) return;
  ptrace(PTRACE_CONT, thread, nullptr, nullptr);
  if (!run_to_mark(thread)) return;
  const std::uint64_t steps = step_to_mark(thread);
  ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
  if (write(answers, &steps, sizeof steps) != sizeof steps) return;
}

}  // namespace

std::uint64_t steps_of(const std::function<void()>& body) {
  signal(mark, SIG_IGN);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  int answers[2];
  if (pipe(answers) != 0) throw std::runtime_error("pipe");
  const pid_t thread = gettid();
  const pid_t tracer = fork();
  if (tracer == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    trace(thread, answers[1]);
    _exit(0);
  }
  close(answers[1]);
  char attached = 0;
  if (read(answers[0], &attached, 1) != 1 || !attached) {
    throw std::runtime_error("tracing is not allowed here");
  }
  raise(mark);
  body();
  raise(mark);
  std::uint64_t steps = 0;
  const bool told = read(answers[0], &steps, sizeof steps) == sizeof steps;
  close(answers[0]);
  waitpid(tracer, nullptr, 0);
  if (!told || steps == 0) throw std::runtime_error("the tracer failed");
  return steps;
}

}  // namespace bench
