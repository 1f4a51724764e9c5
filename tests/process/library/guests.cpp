#include "process/library/guests.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <thread>

#include "process/library/facts.hpp"
#include "process/library/waits.hpp"
#include "support/sanitizers.hpp"

// Hosts that are no tidy test programs. Each is a process of its own (hosts.hpp), since what it
// does to itself would harm the other tests.
namespace bulkhead_test {
namespace {

using bulkhead::queue;

void expect(bool is_true, const char* what) {
  if (!is_true) throw std::runtime_error(what);
}

void answer(queue<int> questions, queue<int> answers) {
  for (const int n : questions) answers.send(2 * n);
}

void crash_once(queue<std::uint64_t> said) {
  if (bulkhead::this_process::incarnation() == 1) std::abort();
  said.send(bulkhead::this_process::incarnation());
}

// What everybody does with the library: exchange messages with a child, and have a crashed one
// started again.
void work(bulkhead::runtime& rt) {
  queue<int> questions{rt};
  queue<int> answers{rt};
  auto child = rt.spawn(answer, questions, answers);
  for (int n = 0; n < 100; ++n) {
    questions.send(n);
    expect(answers.receive_for(soon) == 2 * n, "no answer, or a wrong one");
  }
  questions.close();
  const auto status = child.join_for(soon);
  expect(status && status->success(), "the child did not end well");

  queue<std::uint64_t> said{rt};
  bulkhead::supervisor sup{rt};
  sup.start({.name = "crashes once", .restart = bulkhead::restart::transient}, crash_once, said);
  expect(said.receive_for(soon) == 2u, "the child that crashed was not started again");
}

void work_alone() {
  bulkhead::runtime rt;
  work(rt);
}

void reaps_any() {
  std::jthread reaper([](const std::stop_token& end) {
    while (!end.stop_requested()) {
      while (waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      while (wait(nullptr) > 0) {
      }
    }
  });
  work_alone();
}

void ignores_sigchld() {
  std::signal(SIGCHLD, SIG_IGN);
  bulkhead::runtime rt;
  work(rt);
  // A child that starts programs of its own can wait for them.
  auto child = rt.spawn([] {
    const pid_t own = fork();
    if (own == 0) _exit(7);
    int status = 0;
    if (waitpid(own, &status, 0) != own || WEXITSTATUS(status) != 7) std::exit(1);
  });
  const auto status = child.join_for(soon);
  expect(status && status->success(), "the host's ignored SIGCHLD came through to the child");
  expect(std::signal(SIGCHLD, SIG_DFL) == SIG_IGN, "the host's disposition was changed");
}

void blocks_all_signals() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  bulkhead::runtime rt;
  work(rt);
  queue<int> entered{rt};
  auto child = rt.spawn(
      [](queue<int> to) {
        to.send(1);
        for (;;) pause();
      },
      entered);
  expect(entered.receive_for(soon) == 1, "the child did not start");
  child.terminate();
  const auto status = child.join_for(soon);
  expect(status && status->signal == SIGTERM, "the host's signal mask came through to the child");
}

void has_threads() {
  std::vector<std::jthread> threads;
  for (int n = 0; n < 8; ++n) {
    threads.emplace_back([](const std::stop_token& end) {
      while (!end.stop_requested()) std::string(10'000, 'x').clear();
    });
  }
  work_alone();
}

void runs_its_own_loop() {
  boost::asio::io_context io;
  auto keep_going = boost::asio::make_work_guard(io);
  std::thread loop([&io] { io.run(); });
  {
    bulkhead::runtime rt{io.get_executor()};
    work(rt);
  }
  keep_going.reset();
  loop.join();
}

void holds_much_memory() {
  constexpr std::size_t gib = std::size_t{1} << 30;
  void* const much =
      mmap(nullptr, gib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  expect(much != MAP_FAILED, "no memory for this test");
  bulkhead::runtime rt;
  work(rt);
  queue<std::int64_t> sizes{rt};
  auto child = rt.spawn([](queue<std::int64_t> to) { to.send(resident_kib(getpid())); }, sizes);
  const auto kib = sizes.receive_for(soon);
  expect(kib && *kib > 0 && *kib < 64 * 1024, "the child has the host's memory");
}

// As many as it may, where that is less.
void holds_many_descriptors() {
  rlimit most{};
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
  const auto wanted = std::min<rlim_t>(10'000, most.rlim_max - 64);
  for (rlim_t n = 0; n < wanted; ++n) {
    expect(open("/dev/null", O_RDONLY) >= 0, "no descriptor for this test");
  }
  bulkhead::runtime rt;
  work(rt);
  queue<int> counts{rt};
  auto child = rt.spawn([](queue<int> to) { to.send(open_descriptors(getpid())); }, counts);
  const auto count = counts.receive_for(soon);
  expect(count && *count < 64, "the child inherited the host's descriptors");
}

void has_no_streams() {
  for (int fd = 0; fd < 3; ++fd) close(fd);
  bulkhead::runtime rt;
  queue<int> q{rt};
  // A print of the host, which thinks that it goes to its terminal, must not reach a socket.
  for (int fd = 0; fd < 3; ++fd) static_cast<void>(!write(fd, "garbage", 7));
  work(rt);
  auto child = rt.spawn([] {
    for (int fd = 0; fd < 3; ++fd) static_cast<void>(!write(fd, "garbage", 7));
  });
  const auto status = child.join_for(soon);
  expect(status && status->success(), "the child did not end well");
}

void forks_itself() {
  bulkhead::runtime rt;
  work(rt);
  const pid_t copy = fork();
  if (copy == 0) {
    try {
      work_alone();
    } catch (const std::exception& e) {
      std::cerr << "in the copy: " << e.what() << std::endl;
      _exit(1);
    }
    _exit(0);
  }
  work(rt);
  int status = 0;
  expect(waitpid(copy, &status, 0) == copy, "the host's own child was reaped");
  expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the copy failed");
}

void has_two_runtimes() {
  bulkhead::runtime one;
  bulkhead::runtime two;
  std::thread beside([&two] { work(two); });
  work(one);
  beside.join();
}

// As the first process of a container does. The keeper comes to it, and is taken in when it ends.
void reaps_for_others() {
  expect(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "the kernel lets nobody reap for others");
  work_alone();
  expect(waitpid(-1, nullptr, 0) == -1 && errno == ECHILD, "the keeper is left to the host");
}

// Descriptors, threads, processes and memory are as before; the first hundred may warm up caches.
// Under the address sanitizer a start is slow, and its leak check tells of memory.
void starts_a_thousand() {
  constexpr int runtimes = under_address_sanitizer ? 300 : 1000;
  host_facts before;
  for (int n = 0; n < runtimes; ++n) {
    bulkhead::runtime rt;
    queue<int> q{rt};
    auto child = rt.spawn([](queue<int> to) { to.send(1); }, q);
    expect(q.receive_for(soon) == 1, "no message");
    if (n == 100) before = host_facts::now();
  }
  const host_facts after = host_facts::now();
  expect(after.descriptors <= before.descriptors, "descriptors leak");
  expect(after.threads <= before.threads, "threads leak");
  expect(under_address_sanitizer || after.resident_kib < before.resident_kib + 4096,
         "memory leaks");
  expect(waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD, "processes leak");
}

const std::map<std::string, std::function<void()>> guests{
    {"reaps any child", reaps_any},
    {"ignores SIGCHLD", ignores_sigchld},
    {"blocks all signals", blocks_all_signals},
    {"has threads", has_threads},
    {"runs its own loop", runs_its_own_loop},
    {"holds 1 GiB", holds_much_memory},
    {"holds 10000 descriptors", holds_many_descriptors},
    {"has no standard streams", has_no_streams},
    {"forks itself", forks_itself},
    {"has two runtimes", has_two_runtimes},
    {"reaps for others", reaps_for_others},
    {"starts 1000 runtimes", starts_a_thousand},
};

}  // namespace

int run_guest(const std::string& scenario) {
  const auto found = guests.find(scenario);
  if (found == guests.end()) {
    std::cerr << "no scenario '" << scenario << "'\n";
    return 2;
  }
  // Where standard error is closed, the status is all that can be told.
  try {
    found->second();
  } catch (const std::exception& e) {
    std::cerr << e.what() << std::endl;
    return 1;
  }
  return 0;
}

}  // namespace bulkhead_test
