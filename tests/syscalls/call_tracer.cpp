#include "syscalls/call_tracer.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <thread>

namespace syscalls {
namespace {

using namespace std::chrono_literals;

// Of /proc/<pid>/stat: R runs, S sleeps, T is stopped, t is stopped for its tracer; 0 is gone.
char state_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return '0';
  return line.at(line.find_last_of(')') + 2);
}

std::string call_of(pid_t pid) {
  return std::to_string(
      ptrace(PTRACE_PEEKUSER, pid, offsetof(user_regs_struct, orig_rax), nullptr));
}

enum class stop : std::uint8_t { call, other, sleeps, gone };

// Lets it go on to its next stop. A process that sleeps so long waits for somebody else.
stop go_on(pid_t pid, int signal_to_pass, int& status) {
  if (ptrace(PTRACE_SYSCALL, pid, nullptr, signal_to_pass) != 0) return stop::gone;
  for (int asleep = 0; asleep < 10;) {
    const pid_t found = waitpid(pid, &status, WNOHANG | __WALL);
    if (found < 0) return stop::gone;
    if (found == pid) {
      if (WIFEXITED(status) || WIFSIGNALED(status)) return stop::gone;
      return WSTOPSIG(status) == (SIGTRAP | 0x80) ? stop::call : stop::other;
    }
    // Busy with us or with the keeper at first: calls of microseconds cost no sleep of ours.
    asleep += state_of(pid) == 'S' ? 1 : 0;
    if (asleep > 0) std::this_thread::sleep_for(1ms);
  }
  return stop::sleeps;
}

}  // namespace

void call_tracer::wait_for_tracer() {
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  raise(SIGSTOP);
}

call_tracer::outcome call_tracer::kill_at(pid_t pid, std::size_t place,
                                          const std::function<void()>& unblock) {
  while (state_of(pid) != 'T') std::this_thread::sleep_for(200us);
  if (ptrace(PTRACE_SEIZE, pid, nullptr, PTRACE_O_TRACESYSGOOD) != 0) {
    ::kill(pid, SIGKILL);
    return {end::forbidden, {}};
  }
  int status = 0;
  waitpid(pid, &status, __WALL);  // the stop that it is in
  ::kill(pid, SIGCONT);
  outcome result;
  std::size_t places = 0;
  bool inside = false;  // a call
  int pass = 0;
  std::string call;
  for (;;) {
    const stop now = go_on(pid, pass, status);
    pass = 0;
    if (now == stop::gone) return result;
    if (now == stop::other) {
      // A signal that is about to come, which it gets, or a change of its being stopped.
      if (status >> 16 == 0 && WSTOPSIG(status) != SIGTRAP) pass = WSTOPSIG(status);
      continue;
    }
    if (now == stop::call) {
      inside = !inside;
      call = call_of(pid);
    }
    const char* where = now == stop::sleeps ? "blocked in " : inside ? "entry of " : "exit of ";
    if (++places == place) {
      ::kill(pid, SIGKILL);
      while (waitpid(pid, &status, __WALL) == pid && !WIFSIGNALED(status) && !WIFEXITED(status)) {
      }
      return {end::killed, where + call};
    }
    while (now == stop::sleeps && state_of(pid) == 'S') {
      unblock();
      // Asleep, so it is stopped no more, and stops at the call's exit.
      for (int n = 0; n < 20 && state_of(pid) == 'S'; ++n) std::this_thread::sleep_for(200us);
    }
    if (now == stop::sleeps) {
      waitpid(pid, &status, __WALL);
      if (WIFEXITED(status) || WIFSIGNALED(status)) return result;
      if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
        inside = false;
        if (++places == place) {
          ::kill(pid, SIGKILL);
          while (waitpid(pid, &status, __WALL) == pid && !WIFSIGNALED(status) &&
                 !WIFEXITED(status)) {
          }
          return {end::killed, "exit of " + call};
        }
      }
    }
  }
}

}  // namespace syscalls
