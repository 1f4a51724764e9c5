#include <mutex>
#include <thread>
#include <vector>

#include "os/barrier.hpp"
#include "random/options.hpp"
#include "stress/stress.hpp"
#include "support/gated.hpp"

namespace stress {

// Many gates: each is taken from its owner less and less often.
std::uint64_t mutex_round(std::uint64_t seed) {
  random_test::dice dice(seed);
  const bulkhead::core::platform os = bulkhead::os::make_platform();
  constexpr std::uint64_t turns = 400;
  constexpr int mutexes = 20;
  for (int n = 0; n < mutexes; ++n) {
    support::gated mutex(os);
    std::uint64_t count = 0;  // guarded by the mutex alone
    const std::uint64_t alone = dice.below(turns);
    const auto use = [&](std::uint64_t times) {
      for (std::uint64_t t = 0; t < times; ++t) {
        const std::lock_guard lock(mutex);
        ++count;
      }
    };
    std::thread rivals[2];
    std::thread owner([&] {
      use(alone);
      for (std::thread& r : rivals) r = std::thread(use, turns);
      use(turns);
    });
    owner.join();
    for (std::thread& r : rivals) r.join();
    if (count != alone + 3 * turns) return 0;
  }
  return mutexes * 3 * turns;
}

}  // namespace stress
