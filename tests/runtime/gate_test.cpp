#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "os/barrier.hpp"
#include "support/catch.hpp"
#include "support/gated.hpp"

using support::gated;

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
  gated mutex;
  volatile long first = 0, second = 0;
  bool torn = false;
};

using namespace std::chrono_literals;

// A heavy barrier that orders nothing and says that it was reached: what follows it is the wait for
// the owner.
std::atomic<int> barriers{0};
bulkhead::core::platform counting() noexcept {
  bulkhead::core::platform os{};
  os.wake = [](std::atomic<std::uint32_t>&) noexcept {};
  os.heavy_barrier = []() noexcept { barriers.fetch_add(1); };
  return os;
}

// What must not happen is given this long to happen. A broken gate needs microseconds.
constexpr auto long_enough = 100ms;

template <class Condition>
bool comes_true(Condition condition, std::chrono::milliseconds within) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A thread that locks, says that it is inside, and leaves when it may.
class rival {
 public:
  explicit rival(gated& mutex)
      : thread_([this, &mutex] {
          const std::lock_guard lock(mutex);
          inside_ = true;
          while (!may_leave_) std::this_thread::yield();
        }) {}
  ~rival() {
    leave();
    thread_.join();
  }
  [[nodiscard]] bool is_inside() const { return inside_; }
  void leave() { may_leave_ = true; }

 private:
  std::atomic<bool> inside_{false}, may_leave_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("who takes a gate from its owner waits until the owner is out", "[os]") {
  barriers = 0;
  const bulkhead::core::platform os = counting();
  gated mutex(os);
  for (int turn = 0; turn < 3; ++turn) {
    mutex.lock();
    mutex.unlock();
  }
  mutex.lock();  // as its owner: no other thread has ever been here
  rival other(mutex);
  REQUIRE(comes_true([] { return barriers == 1; }, 20s));
  CHECK_FALSE(comes_true([&] { return other.is_inside(); }, long_enough));
  mutex.unlock();
  CHECK(comes_true([&] { return other.is_inside(); }, 20s));
}

TEST_CASE("the former owner of a gate waits like any other", "[os]") {
  const bulkhead::core::platform os = counting();
  gated mutex(os);
  for (int turn = 0; turn < 3; ++turn) {
    mutex.lock();
    mutex.unlock();
  }
  rival other(mutex);
  REQUIRE(comes_true([&] { return other.is_inside(); }, 20s));
  std::atomic<bool> back = false;
  // The owner is this thread, so the one that looks on is another.
  bool early = true;
  std::thread observer([&] {
    early = comes_true([&] { return back.load(); }, long_enough);
    other.leave();
  });
  mutex.lock();
  back = true;
  mutex.unlock();
  observer.join();
  CHECK_FALSE(early);
}

TEST_CASE("a gate keeps threads out of each other's way", "[os]") {
  bulkhead::core::platform os = bulkhead::os::make_platform();
  os.fences = GENERATE(false, true);  // also where the kernel refuses the heavy barrier
  constexpr long turns = 20'000;
  constexpr int rivals = 3;
  // Many gates: each is taken from its owner less and less often.
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
