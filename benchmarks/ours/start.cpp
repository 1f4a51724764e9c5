// Microseconds from asking for a process to its first line of user code, and from killing one to
// its replacement's, each way in turn within every round: raw fork of this small process,
// posix_spawn of this program, `spawn`, `spawn` from a host with `--resident` MiB, a call and back;
// pidfd + fork for a small victim and for the supervisor's, a supervisor's restart in a row and one
// now and then, and one with a standby. Prints one JSON object a round, whose fields are medians.
//     bench_start [--rounds N] [--count N] [--resident MIB]
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "common/number_after.hpp"

namespace {

using namespace std::chrono_literals;

std::int64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// One number that a raw child writes and its parent reads.
struct stamp {
  std::atomic<std::int64_t> at{0};

  static stamp& shared(int fd) {
    void* const there = ::mmap(nullptr, sizeof(stamp), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (there == MAP_FAILED) std::exit(70);
    return *static_cast<stamp*>(there);
  }
  std::int64_t wait_for_new() {
    std::int64_t seen = 0;
    while ((seen = at.exchange(0)) == 0) ::sched_yield();
    return seen;
  }
};

double median_us(int count, const std::function<std::int64_t()>& once,
                 std::chrono::milliseconds pause = 0ms) {
  std::vector<std::int64_t> all;
  for (int n = 0; n < count; ++n) {
    if (pause > 0ms) std::this_thread::sleep_for(pause);
    all.push_back(once());
  }
  std::nth_element(all.begin(), all.begin() + count / 2, all.end());
  return static_cast<double>(all[static_cast<std::size_t>(count / 2)]) / 1000.0;
}

pid_t fork_waiting(stamp& to) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  to.at = now_ns();
  for (;;) ::pause();
}

std::int64_t raw_fork(stamp& to) {
  const std::int64_t begun = now_ns();
  const pid_t pid = ::fork();
  if (pid == 0) {
    to.at = now_ns();
    ::_exit(0);
  }
  const std::int64_t seen = to.wait_for_new();
  ::waitpid(pid, nullptr, 0);
  return seen - begun;
}

std::int64_t spawn_program(stamp& to, int fd) {
  std::string number = std::to_string(fd);
  std::string self = "bench_start";
  std::string flag = "--stamp";
  char* arguments[] = {self.data(), flag.data(), number.data(), nullptr};
  pid_t pid = 0;
  const std::int64_t begun = now_ns();
  if (::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, arguments, environ) != 0) return 0;
  const std::int64_t seen = to.wait_for_new();
  ::waitpid(pid, nullptr, 0);
  return seen - begun;
}

void end(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// Kills `victim`, notices it by its pidfd, forks another.
std::int64_t raw_replacement(stamp& to, pid_t victim) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, victim, 0));
  const std::int64_t begun = now_ns();
  ::kill(victim, SIGKILL);
  pollfd ended{pidfd, POLLIN, 0};
  ::poll(&ended, 1, -1);
  const pid_t next = fork_waiting(to);
  const std::int64_t seen = to.wait_for_new() - begun;
  end(next);
  ::close(pidfd);
  return seen;
}
std::int64_t raw_replacement_of_raw(stamp& to) {
  const pid_t victim = fork_waiting(to);
  to.wait_for_new();
  const std::int64_t seen = raw_replacement(to, victim);
  ::waitpid(victim, nullptr, 0);
  return seen;
}

void tell_time(bulkhead::queue<std::int64_t> to) { to.send(now_ns()); }
void tell_time_and_wait(bulkhead::queue<std::int64_t> to) {
  to.send(now_ns());
  for (;;) ::pause();
}
std::int64_t ask_time() { return now_ns(); }

class ours {
 public:
  std::int64_t start() {
    const std::int64_t begun = now_ns();
    const auto child = rt_.spawn(tell_time, times_);
    const std::int64_t seen = times_.receive();
    child.join();
    return seen - begun;
  }
  // What a supervisor replaces, replaced by hand.
  std::int64_t raw_replacement_of_child(stamp& to) {
    const auto child = rt_.spawn(tell_time_and_wait, times_);
    times_.receive();
    const std::int64_t seen = raw_replacement(to, child.id());
    child.join();
    return seen;
  }
  std::int64_t call_and_back() {
    const std::int64_t begun = now_ns();
    rt_.call(ask_time).get();
    return now_ns() - begun;
  }
  std::int64_t replacement() {
    if (!victim_) {
      victim_ =
          sup_.start({.name = "victim", .backoff = {.initial = 0ns}}, tell_time_and_wait, times_);
      times_.receive();
    }
    return kill_and_see(victim_);
  }
  std::int64_t replacement_by_standby() {
    if (!spared_) {
      spared_ = sup_.start({.name = "spared", .backoff = {.initial = 0ns}, .standby = 1},
                           tell_time_and_wait, times_);
      times_.receive();
    }
    while (sup_.find_child("spared")->standbys == 0) std::this_thread::sleep_for(1ms);
    return kill_and_see(spared_);
  }

 private:
  std::int64_t kill_and_see(bulkhead::process& victim) {
    const auto incarnation = victim.incarnation();
    const std::int64_t begun = now_ns();
    ::kill(victim.id(), SIGKILL);
    const std::int64_t seen = times_.receive();
    while (victim.incarnation() == incarnation) ::sched_yield();
    return seen - begun;
  }

  bulkhead::runtime rt_;
  bulkhead::queue<std::int64_t> times_{rt_};
  bulkhead::supervisor sup_{rt_, {.intensity = bulkhead::unlimited}};
  bulkhead::process victim_;
  bulkhead::process spared_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--stamp") == 0) {
    stamp::shared(std::atoi(argv[2])).at = now_ns();
    return 0;
  }
  bulkhead::init(argc, argv);
  const int rounds = bench::number_after(argc, argv, "--rounds", 7);
  const int count = bench::number_after(argc, argv, "--count", 50);
  const auto resident =
      static_cast<std::size_t>(bench::number_after(argc, argv, "--resident", 1024)) << 20;
  const int fd = ::memfd_create("stamp", 0);
  if (fd < 0 || ::ftruncate(fd, sizeof(stamp)) != 0) return 70;
  stamp& to = stamp::shared(fd);
  ours us;
  for (int round = 0; round < rounds; ++round) {
    const double raw = median_us(count, [&] { return raw_fork(to); });
    const double program = median_us(count, [&] { return spawn_program(to, fd); });
    const double raw_small = median_us(count, [&] { return raw_replacement_of_raw(to); });
    const double raw_again = median_us(count, [&] { return us.raw_replacement_of_child(to); });
    const double start = median_us(count, [&] { return us.start(); });
    // Now and then one, for which a process waits; after one that follows at once, so that what a
    // raw fork touches is as warm as in a row.
    const double start_rare = median_us(
        count, [&] { return us.start(); }, 5ms);
    const double raw_rare = median_us(
        count,
        [&] {
          raw_fork(to);
          return raw_fork(to);
        },
        5ms);
    const double restart = median_us(count, [&] { return us.replacement(); });
    const double restart_rare = median_us(
        count, [&] { return us.replacement(); }, 5ms);
    const double spared = median_us(count, [&] { return us.replacement_by_standby(); });
    const double call = median_us(count, [&] { return us.call_and_back(); });
    void* const weight = ::mmap(nullptr, resident, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    const double heavy = median_us(count, [&] { return us.start(); });
    const double raw_heavy = median_us(count, [&] { return raw_fork(to); });
    if (weight != MAP_FAILED) ::munmap(weight, resident);
    std::printf(
        "{\"fork\": %.1f, \"posix_spawn\": %.1f, \"ours\": %.1f, \"fork_rare\": %.1f, "
        "\"ours_rare\": %.1f, \"fork_heavy\": %.1f, "
        "\"ours_heavy\": %.1f, \"replace_raw_small\": %.1f, \"replace_raw\": %.1f, "
        "\"replace_ours\": %.1f, \"replace_rare\": %.1f, "
        "\"replace_standby\": %.1f, \"call\": %.1f}\n",
        raw, program, start, raw_rare, start_rare, raw_heavy, heavy, raw_small, raw_again, restart,
        restart_rare, spared, call);
    std::fflush(stdout);
  }
  return 0;
}
