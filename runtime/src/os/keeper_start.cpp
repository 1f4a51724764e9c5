#include "os/keeper_start.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bulkhead/errc.hpp>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "os/keeper_end.hpp"
#include "os/keeper_mark.hpp"
#include "os/signals.hpp"
#include "os/standard_streams.hpp"
#include "os/system_failure.hpp"

// glibc's clone by its other name. ThreadSanitizer takes over `clone` for one that copies the
// memory, and in a copy that shares ours turns off its own view of all locks for good: from then on
// it reports every access under a lock as a race.
extern "C" int __clone(int (*run)(void*), void* stack, int flags, void* argument, ...);

namespace bulkhead::os {
namespace {

constexpr std::size_t stack_bytes = 64 * 1024;

// What the two short-lived copies of the calling thread share with it: their memory is ours.
struct launch {
  const char* const* arguments;
  const char* const* environment;
  std::span<const int> inherited;
  std::byte* inner_stack_top;
  volatile int failure = 0;
  int keeper = -1;  // its pidfd
};

// The future keeper: our memory, descriptors of its own.
int become_keeper(void* data) {
  auto& l = *static_cast<launch*>(data);
  bool all = true;
  for (const int fd : l.inherited) all = all && ::fcntl(fd, F_SETFD, 0) == 0;
  if (all) {
    ::execve("/proc/self/exe", const_cast<char* const*>(l.arguments),
             const_cast<char* const*>(l.environment));
  }
  l.failure = errno;
  return 127;  // by clone, straight out of the copy: no exit handler of the host's runs
}

// In between, so that the keeper is nobody's child once this one has ended. SIGCHLD as the
// keeper's exit signal is what an exec makes of it anyway. It has the host's descriptors, among
// which the keeper's pidfd is before anybody can reap the keeper and its number go to another.
int start_and_leave(void* data) {
  auto& l = *static_cast<launch*>(data);
  const pid_t keeper = __clone(become_keeper, l.inner_stack_top,
                               CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, data, &l.keeper);
  if (keeper < 0) l.failure = errno;
  return 0;
}

// Without an exit signal the copy is invisible to the host's wait and SIGCHLD; __WCLONE sees it.
void collect(pid_t intermediate) {
  int status = 0;
  while (::waitpid(intermediate, &status, __WCLONE) < 0 && errno == EINTR) {
  }
}

std::vector<std::string> own_arguments() {
  std::vector<std::string> arguments;
  const unique_fd file(::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  if (!file) throw_last_error("reading this program's arguments");
  std::string text;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    arguments.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return arguments;
}

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> texts;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    if (std::strncmp(*at, keeper_mark, std::strlen(keeper_mark)) != 0) texts.emplace_back(*at);
  }
  return texts;
}

class stacks {
 public:
  stacks() {
    base_ = ::mmap(nullptr, 2 * stack_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (base_ == MAP_FAILED) throw_last_error("mapping a stack to start the keeper on");
  }
  stacks(const stacks&) = delete;
  stacks& operator=(const stacks&) = delete;
  ~stacks() { ::munmap(base_, 2 * stack_bytes); }
  [[nodiscard]] std::byte* top(std::size_t n) const {
    return static_cast<std::byte*>(base_) + (n + 1) * stack_bytes;
  }

 private:
  void* base_;
};

// @returns the keeper's pidfd.
unique_fd execute_again(std::span<const int> inherited, std::vector<std::string> variables) {
  const std::vector<std::string> texts = own_arguments();
  const std::vector<const char*> arguments = pointers_to(texts);
  std::string& mark = variables.emplace_back(keeper_mark);
  for (const int fd : inherited) mark += (mark.back() == '=' ? "" : ",") + std::to_string(fd);
  const std::vector<const char*> environment = pointers_to(variables);
  const stacks room;
  launch l{arguments.data(), environment.data(), inherited, room.top(1)};
  pid_t intermediate = -1;
  {
    // The copies run in our memory, so no handler of the host's may run in them.
    const all_signals_blocked blocked;
    intermediate = __clone(start_and_leave, room.top(0), CLONE_VM | CLONE_VFORK | CLONE_FILES, &l);
    if (intermediate > 0) collect(intermediate);
  }
  const int failure = intermediate < 0 ? errno : l.failure;
  unique_fd keeper(l.keeper);
  if (failure != 0) {
    throw error(make_error_code(errc::start_failed),
                std::string("this program cannot be executed again to become the keeper: ") +
                    std::strerror(failure));
  }
  return keeper;
}

[[noreturn]] void throw_no_init(const char* what) {
  throw error(make_error_code(errc::not_initialised),
              std::string("the copy of this program that was to become the keeper ") + what +
                  "; call bulkhead::init(argc, argv) as the first line of main");
}

datagram greet(channel& control, std::chrono::milliseconds patience) {
  const control::hello words{static_cast<std::uint32_t>(::getpid())};
  const auto until = std::chrono::steady_clock::now() + patience;
  datagram answer;
  auto result = receive_result::ended;
  if (!control.send(control::kind::hello, words)) {
    result = control.receive_until(answer, until);
  }
  if (result == receive_result::ended) throw_no_init("ended before it called bulkhead::init");
  if (result == receive_result::nothing) throw_no_init("did not call bulkhead::init in time");
  if (result == receive_result::garbage) throw_no_init("answered with garbage");
  return answer;
}

}  // namespace

keeper_connection start_keeper(std::chrono::milliseconds patience, const bequest* left) {
  fill_standard_streams();
  auto [ours, its] = channel::make_pair();
  std::vector<std::string> environment = left != nullptr ? *left->environment : own_environment();
  const unique_fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self) throw_last_error("opening this process's pidfd");
  std::vector<int> inherited = {its.fd(), self.get()};
  if (left != nullptr) inherited.insert(inherited.end(), {left->ledger, left->vault});
  unique_fd keeper = execute_again(inherited, environment);
  its.close();
  try {
    datagram answer = greet(ours, patience);
    if (answer.head.error != 0) {
      control::failure why;
      static_cast<void>(answer.read(why));
      throw error(make_error_code(static_cast<errc>(answer.head.error)), why.text);
    }
    keeper_connection made;
    if (!answer.read(made.greeting) || answer.descriptors.size() != 3) {
      throw_no_init("answered with garbage");
    }
    made.environment = std::move(environment);
    made.control = std::move(ours);
    made.directory = std::move(answer.descriptors[0]);
    made.ledger = std::move(answer.descriptors[1]);
    made.vault = std::move(answer.descriptors[2]);
    made.keeper = std::move(keeper);
    return made;
  } catch (...) {
    // It may be running this program's main.
    end_for_sure(keeper.get());
    throw;
  }
}

}  // namespace bulkhead::os
