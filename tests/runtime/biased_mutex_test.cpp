#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "os/barrier.hpp"
#include "os/biased_mutex.hpp"
#include "support/catch.hpp"

using bulkhead::os::biased_mutex;

namespace {

// Two words that are equal whenever nobody is inside.
struct guarded {
  explicit guarded(const bulkhead::core::platform& os) : mutex(os) {}
  void turn() {
    const std::lock_guard lock(mutex);
    torn = torn || first != second;
    first = first + 1;
    second = second + 1;
  }
  biased_mutex mutex;
  volatile long first = 0, second = 0;
  bool torn = false;
};

}  // namespace

TEST_CASE("a biased mutex keeps threads out of each other's way", "[os]") {
  bulkhead::core::platform os = bulkhead::os::make_platform();
  os.fences = GENERATE(false, true);  // also where the kernel refuses the heavy barrier
  constexpr long turns = 20'000;
  constexpr int rivals = 3;
  // Many mutexes, since each is taken from its first owner once only.
  for (int round = 0; round < 50; ++round) {
    guarded shared(os);
    std::atomic<bool> owned = false;
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
      for (long n = 0; n < turns; ++n) {
        shared.turn();
        if (n == 2) owned = true;
      }
    });
    for (int n = 0; n < rivals; ++n) {
      threads.emplace_back([&] {
        while (!owned) std::this_thread::yield();
        for (long turn = 0; turn < turns / 10; ++turn) shared.turn();
      });
    }
    for (std::thread& t : threads) t.join();
    REQUIRE_FALSE(shared.torn);
    REQUIRE(shared.first == turns + rivals * (turns / 10));
  }
}
