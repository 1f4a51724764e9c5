// Kills a process of a real tree at the entry and at the exit of every system call that its
// operation makes, and while it sleeps in one; looks each time whether the others go on and every
// message is there once.
//   syscall_kill_test [--every N] [--only TEXT]
//     --every  every N-th place (in turns: each operation begins with another), default 1

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "syscalls/call_tracer.hpp"
#include "syscalls/scenarios.hpp"

namespace {

using namespace syscalls;

constexpr std::size_t places_max = 2'000;
constexpr int runs_to_end = 4;

char doing[200];

void give_up(int) {
  const char said[] = "syscall_kill_test: somebody waits for ever, after: ";
  static_cast<void>(!write(STDERR_FILENO, said, sizeof said - 1));
  static_cast<void>(!write(STDERR_FILENO, doing, std::strlen(doing)));
  _exit(1);
}

struct totals {
  std::size_t operations = 0, places = 0, kills = 0, asleep = 0, bad = 0;
};

enum class next : std::uint8_t { place, operation, skip };

next kill_once(bulkhead::runtime& rt, const scenario& what, std::size_t place, totals& sum) {
  std::snprintf(doing, sizeof doing, "'%s', place %zu\n", what.name, place);
  alarm(60);
  const auto scene = what.make(rt);
  bulkhead::process victim = scene->start(rt);
  call_tracer trace;
  const auto ended = trace.kill_at(victim.id(), place, [&] { scene->unblock(); });
  victim.join();
  if (ended.how == call_tracer::end::forbidden) return next::skip;
  const bool killed = ended.how == call_tracer::end::killed;
  if (killed) {
    ++sum.kills;
    sum.asleep += ended.place.rfind("blocked", 0) == 0 ? 1 : 0;
  }
  if (const std::string wrong = scene->check(); !wrong.empty()) {
    ++sum.bad;
    std::printf("BAD '%s', killed at place %zu (%s): %s\n", what.name, place, ended.place.c_str(),
                wrong.c_str());
  }
  return killed ? next::place : next::operation;
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  std::size_t every = 1;
  std::string only;
  for (int n = 1; n + 1 < argc; n += 2) {
    if (std::strcmp(argv[n], "--every") == 0) every = std::strtoull(argv[n + 1], nullptr, 10);
    if (std::strcmp(argv[n], "--only") == 0) only = argv[n + 1];
  }
  if (every == 0) every = 1;
  signal(SIGALRM, give_up);
  const auto begin = std::chrono::steady_clock::now();
  bulkhead::runtime rt;
  totals sum;
  for (const scenario& what : all_scenarios()) {
    if (std::string(what.name).find(only) == std::string::npos) continue;
    ++sum.operations;
    const std::size_t kills_before = sum.kills;
    std::size_t place = 1 + sum.operations % every;
    next then = next::place;
    for (; then == next::place && place < places_max; place += every) {
      // Not every run sleeps where another did: it is over when none of some comes so far.
      for (int again = 0; again < runs_to_end; ++again) {
        then = kill_once(rt, what, place, sum);
        if (then != next::operation) break;
      }
    }
    if (then == next::skip) {
      std::printf("skipped: ptrace is forbidden here\n");
      return 77;
    }
    sum.places += place;
    std::printf("%-36s %4zu places, %4zu kills\n", what.name, place, sum.kills - kills_before);
    std::fflush(stdout);
  }
  alarm(0);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%zu operations, %zu places, %zu kills, of these %zu asleep, %zu bad, %.1f s\n",
              sum.operations, sum.places, sum.kills, sum.asleep, sum.bad, took.count());
  return sum.bad == 0 && sum.kills != 0 ? 0 : 1;
}
