#include "stepper/tracer.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "stepper/child_memory.hpp"

namespace stepper {
namespace {

constexpr std::size_t steps_max = 200'000;  // an operation that takes more hangs

constexpr long address_field = offsetof(user_regs_struct, rip);

std::uint64_t next_address(pid_t child) {
  return static_cast<std::uint64_t>(ptrace(PTRACE_PEEKUSER, child, address_field, nullptr));
}

bool go_to(pid_t child, std::uint64_t address) {
  return ptrace(PTRACE_POKEUSER, child, address_field, address) == 0;
}

// Waits for the child's next stop. @returns true for a trap; everything else ends the run.
bool trapped(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
}

/// A breakpoint in a child's own copy of the code. One of the CPU's would not change the code, but
/// there are virtual machines that take its address and never stop there.
class breakpoint {
 public:
  breakpoint(pid_t child, std::uint64_t address) : child_(child), address_(address) {
    errno = 0;
    code_ = ptrace(PTRACE_PEEKTEXT, child, address, nullptr);
    usable_ = errno == 0;
  }
  /// @returns true: the child stands before the instruction at the address, which is whole again.
  [[nodiscard]] bool run_into() {
    constexpr long int3 = 0xcc;
    return usable_ && put((code_ & ~0xffL) | int3) &&
           ptrace(PTRACE_CONT, child_, nullptr, nullptr) == 0 && trapped(child_) &&
           next_address(child_) == address_ + 1 && go_to(child_, address_) && put(code_);
  }

 private:
  bool put(long code) const { return ptrace(PTRACE_POKETEXT, child_, address_, code) == 0; }

  pid_t child_;
  std::uint64_t address_;
  long code_ = 0;
  bool usable_ = false;
};

}  // namespace

tracer::tracer() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    std::perror("step_test: no shared memory");
    std::exit(2);
  }
  returned_ = static_cast<volatile int*>(page);
  // Tracer and child take turns: on one CPU no wake-up crosses to another.
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
}

tracer::~tracer() { munmap(const_cast<int*>(returned_), 4096); }

// A child that stands before the first instruction of `work`.
pid_t tracer::start(const operation& work) {
  *returned_ = 0;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(3);
    use_child_memory();
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(77);
    asm volatile("int3" ::: "memory");
    work();
    *returned_ = 1;
    asm volatile("int3" ::: "memory");
    _exit(0);
  }
  if (child < 0) {
    std::perror("step_test: fork");
    std::exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSTOPPED(status)) return child;
  return -1;
}

void tracer::end(pid_t child) {
  kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) == child && !WIFSIGNALED(status) && !WIFEXITED(status)) {
  }
  ++kills_;
}

std::string tracer::forbidden() {
  const pid_t child = start([] {});
  if (child < 0)
    return "ptrace is forbidden here, so nothing can be killed at a chosen instruction";
  const bool stepped = step(child);
  end(child);
  kills_ = single_steps_ = 0;
  return stepped
             ? ""
             : "ptrace does not single-step here, so nothing can be killed at a chosen instruction";
}

bool tracer::step(pid_t child) {
  ++single_steps_;
  return ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) == 0 && trapped(child);
}

path tracer::follow(const operation& work, const std::function<void(std::size_t)>& on_step) {
  path way;
  std::unordered_map<std::uint64_t, std::uint32_t> seen;
  const pid_t child = start(work);
  const auto arrive = [&] {
    const std::uint64_t at = next_address(child);
    // A rep instruction is stepped round by round; a breakpoint stops before the first only.
    const bool again = !way.addresses.empty() && way.addresses.back() == at;
    way.addresses.push_back(at);
    way.visits.push_back(again ? path::inside : ++seen[at]);
  };
  arrive();
  while (!way.finished && way.trouble.empty()) {
    if (!step(child)) {
      way.trouble = "the operation itself died at step " + std::to_string(way.addresses.size());
    } else if (way.addresses.size() > steps_max) {
      way.trouble = "the operation does not end";
    } else {
      arrive();
      on_step(way.steps());
      way.finished = *returned_ != 0;
    }
  }
  end(child);
  --kills_;  // this one counts for nothing: the child was done
  return way;
}

bool tracer::run_to(pid_t child, std::uint64_t address, std::uint32_t times) {
  breakpoint there(child, address);
  for (std::uint32_t n = 0; n < times; ++n) {
    if (n != 0 && !step(child)) return false;  // on from the last visit
    if (!there.run_into()) return false;
  }
  return true;
}

bool tracer::kill_at(const operation& work, const path& known, std::size_t target) {
  // The cheapest way there: to an earlier step by a breakpoint, which costs a trap and a step a
  // visit, and a trap for each step from it.
  std::size_t from = 0;
  std::size_t cost = target;
  for (std::size_t j = target; j > 0 && target - j < cost; --j) {
    if (known.visits[j] == path::inside || known.addresses[j] == known.addresses[0]) continue;
    const std::size_t traps = 2 * known.visits[j] - 1 + (target - j);
    if (traps < cost) {
      cost = traps;
      from = j;
    }
  }
  const pid_t child = start(work);
  bool there = from == 0 || run_to(child, known.addresses[from], known.visits[from]);
  for (std::size_t n = from; there && n < target; ++n) there = step(child);
  there = there && next_address(child) == known.addresses[target];
  end(child);
  return there;
}

}  // namespace stepper
