// Random operations on the core of the queue and on the ring of the pipe, in simulated memory,
// beside the simplest thing that does the same; the first difference ends the run.
//   reference_test [--seed N] [--operations N] [--only queue|pipe]
// Same seed, same run. Exit status 0: no difference.

#include <chrono>
#include <cstdio>

#include "random/failure.hpp"
#include "random/options.hpp"
#include "random/pipe_run.hpp"
#include "random/queue_run.hpp"

namespace {

using namespace random_test;

// Many short lives: each begins with another shape.
template <class Run>
bool run(const char* name, const options& given) {
  if (std::string(name).find(given.only) == std::string::npos) return true;
  const auto begin = std::chrono::steady_clock::now();
  dice lives(given.seed);
  std::uint64_t done = 0;
  while (done < given.operations) {
    const std::uint64_t seed = lives.bits();
    const std::uint64_t length = 200 + lives.below(3000);
    try {
      Run life(seed);
      for (std::uint64_t n = 0; n < length; ++n, ++done) life.step();
      life.finish();
    } catch (const failure& what) {
      std::printf("%s: after %llu operations: %s\n  to repeat: %s --only %s\n", name,
                  static_cast<unsigned long long>(done), what.what(), given.replay().c_str(), name);
      return false;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%s: %llu operations like the reference, %.1f s (--seed %llu)\n", name,
              static_cast<unsigned long long>(done), took.count(),
              static_cast<unsigned long long>(given.seed));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  options defaults;
  defaults.operations = 200'000;
  const options given = parse(argc, argv, defaults);
  const bool queue = run<queue_run>("queue", given);
  const bool pipe = run<pipe_run>("pipe", given);
  return queue && pipe ? 0 : 1;
}
