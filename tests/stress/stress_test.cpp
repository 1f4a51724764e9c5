// Threads over one mapping: the core of the queue with its waiting rooms, the ring of the pipe, the
// biased mutex. Each message comes once and whole; in the tsan preset no access races another.
//   stress_test [--seed N] [--seconds N] [--only queue|pipe|mutex]
// The thread sanitizer follows releases and acquires, and none of our data rests on more. It knows
// neither fences nor membarrier, which decide only whether a sleeper is seen: in that build a fence
// is an atomic exchange of a word that no other thread has, which orders the CPU and tells the
// sanitizer nothing, so it hides no race. Lost wake-ups show as a run that does not end.

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>

#include "random/options.hpp"
#include "stress/stress.hpp"

namespace {

using random_test::options;
using clock_type = std::chrono::steady_clock;

void give_up(int) {
  const char said[] = "stress_test: a thread sleeps and nobody wakes it, or a run does not end\n";
  static_cast<void>(!write(STDERR_FILENO, said, sizeof said - 1));
  _exit(1);
}

bool run(const char* name, std::uint64_t (*once)(std::uint64_t), const options& given) {
  if (!given.only.empty() && given.only != name) return true;
  random_test::dice seeds(given.seed);
  std::uint64_t rounds = 0, messages = 0;
  const auto end = clock_type::now() + std::chrono::duration<double>(given.seconds);
  do {
    alarm(25);  // below the 30 s after which a sleeper looks again by itself
    const std::uint64_t seed = seeds.bits();
    const std::uint64_t done = once(seed);
    if (done == 0) {
      std::printf("%s: a message was lost, doubled or torn (round %llu, --seed %llu)\n", name,
                  static_cast<unsigned long long>(rounds),
                  static_cast<unsigned long long>(given.seed));
      return false;
    }
    messages += done;
    ++rounds;
  } while (clock_type::now() < end);
  alarm(0);
  std::printf("%s: %llu rounds, %llu messages or turns, all well (--seed %llu)\n", name,
              static_cast<unsigned long long>(rounds), static_cast<unsigned long long>(messages),
              static_cast<unsigned long long>(given.seed));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  options defaults;
  defaults.seconds = 4;
  options given = random_test::parse(argc, argv, defaults);
  signal(SIGALRM, give_up);
  if (given.only.empty()) given.seconds /= 3;
  const bool queue = run("queue", stress::queue_round, given);
  const bool pipe = run("pipe", stress::pipe_round, given);
  const bool mutex = run("mutex", stress::mutex_round, given);
  return queue && pipe && mutex ? 0 : 1;
}
