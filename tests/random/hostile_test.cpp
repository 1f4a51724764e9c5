// A peer overwrites random words of a queue and of a pipe while a process and the keeper work with
// them: only errors come out, each step ends, and no byte outside is touched (built with the
// address and the undefined-behaviour sanitizer, or it shows little).
//   hostile_test [--seed N] [--seconds N] [--operations N] [--only TEXT]
// Parts: "queue" and "pipe" in turns with us, and in the middle of our steps, where the same seed
// is the same run; "queue beside" and "pipe beside" in a thread of its own.

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "random/hostile_pipe.hpp"
#include "random/hostile_queue.hpp"
#include "random/options.hpp"

namespace {

using namespace random_test;
using clock_type = std::chrono::steady_clock;

constexpr unsigned step_seconds_max = 20;  // a life has some hundred steps, each of microseconds
char replay[200];

// A step that does not end.
void give_up(int) {
  const char said[] = "hostile_test: a step does not end; to repeat: ";
  static_cast<void>(!write(STDERR_FILENO, said, sizeof said - 1));
  static_cast<void>(!write(STDERR_FILENO, replay, std::strlen(replay)));
  _exit(1);
}

struct totals {
  std::uint64_t lives = 0, steps = 0, useful = 0;
};

template <class Life>
void live(std::uint64_t seed, bool beside, std::uint64_t steps, totals& sum) {
  dice when(seed);
  Life life(seed, !beside && when.one_in(2));
  const std::uint64_t often = 1 + when.below(12);
  std::atomic<bool> over = false;
  std::thread peer;
  if (beside) {
    peer = std::thread([&] {
      while (!over) life.scribble();
    });
  }
  for (std::uint64_t n = 0; n < steps; ++n) {
    if (!beside && when.one_in(often)) life.scribble();
    life.step();
  }
  over = true;
  if (beside) peer.join();
  sum.steps += steps;
  sum.useful += life.useful;
  ++sum.lives;
}

// One part for its share of the time, or of the operations.
template <class Life>
bool run(const char* name, bool beside, const options& given) {
  if (!given.only.empty() && given.only != name) return true;
  const auto end = clock_type::now() + std::chrono::duration<double>(given.seconds);
  dice lives(given.seed);
  totals sum;
  while (given.operations != 0 ? sum.steps < given.operations : clock_type::now() < end) {
    const std::uint64_t seed = lives.bits();
    options again = given;
    again.operations = sum.steps + 300;
    std::snprintf(replay, sizeof replay, "%s --only '%s'\n", again.replay().c_str(), name);
    alarm(step_seconds_max);
    live<Life>(seed, beside, 300, sum);
  }
  alarm(0);
  std::printf(
      "%s: %llu executions in %llu segments, of which %llu did their work (--seed %llu)\n", name,
      static_cast<unsigned long long>(sum.steps), static_cast<unsigned long long>(sum.lives),
      static_cast<unsigned long long>(sum.useful), static_cast<unsigned long long>(given.seed));
  std::fflush(stdout);
  // A peer that stops everything at once would prove nothing.
  return sum.useful > sum.steps / 20;
}

}  // namespace

int main(int argc, char** argv) {
  options defaults;
  defaults.seconds = 4;
  options given = parse(argc, argv, defaults);
  signal(SIGALRM, give_up);
  if (given.only.empty()) given.seconds /= 4;
  const bool done[] = {run<hostile_queue>("queue", false, given),
                       run<hostile_pipe>("pipe", false, given),
                       run<hostile_queue>("queue beside", true, given),
                       run<hostile_pipe>("pipe beside", true, given)};
  for (const bool one : done) {
    if (!one) return 1;
  }
  return 0;
}
