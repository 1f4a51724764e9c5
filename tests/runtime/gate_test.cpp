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

TEST_CASE("a thread that lost a gate as it entered hides nothing of the next owner", "[os]") {
  // Marks of two threads that had the gate one after the other, with a cell each.
  constexpr std::uintptr_t slow = 0x1000, next = 0x2000 + 1;
  bulkhead::detail::pipe_gate gate;
  gate.give_to(slow);
  const auto seen = gate.owner();  // the slow one looks, and stands still
  gate.give_to(0);
  REQUIRE_FALSE(gate.is_inside(seen));
  gate.give_to(next);
  gate.announce(next % bulkhead::detail::pipe_gate::threads_max);
  REQUIRE(gate.is_still(next, next % bulkhead::detail::pipe_gate::threads_max));
  // It goes on, sees that it came too late, and takes its word back.
  gate.announce(seen % bulkhead::detail::pipe_gate::threads_max);
  CHECK(gate.is_inside(next));
  CHECK_FALSE(gate.is_still(seen, seen % bulkhead::detail::pipe_gate::threads_max));
  CHECK(gate.is_inside(next));
  gate.leave();
  CHECK_FALSE(gate.is_inside(next));
}

TEST_CASE("a visit to a gate ends when the side has come further, or with a visit more", "[os]") {
  const std::uintptr_t me = bulkhead::detail::this_thread_mark();
  bulkhead::detail::pipe_gate gate;
  gate.move_to(7);
  gate.give_to(me);
  CHECK_FALSE(gate.is_inside(me));
  for (const std::uint64_t steps : {0, 1, 5, 0, 0, 128}) {
    const std::uint64_t at = gate.position();
    REQUIRE(gate.enter());
    CHECK(gate.is_inside(me));
    if (steps == 0) {
      gate.leave();
    } else {
      gate.leave_at(at + steps);
    }
    CHECK_FALSE(gate.is_inside(me));
    CHECK(gate.position() == at + steps);
  }
  CHECK(gate.visits() == 3);
}

TEST_CASE("more threads than a gate has cells share it by the lock", "[os]") {
  const bulkhead::core::platform os = counting();
  guarded shared(os);
  const int threads = 2 * static_cast<int>(bulkhead::detail::pipe_gate::threads_max);
  std::vector<std::thread> all;
  std::atomic<int> arrived{0};
  for (int n = 0; n < threads; ++n) {
    all.emplace_back([&, n] {
      // All live at once, so that no mark comes twice; each takes several turns in a row.
      while (arrived != n) std::this_thread::yield();
      for (int turn = 0; turn < 8; ++turn) shared.turn();
      arrived = n + 1;
      while (arrived != threads) std::this_thread::yield();
    });
  }
  for (std::thread& t : all) t.join();
  CHECK_FALSE(shared.torn);
  CHECK(shared.first == threads * 8);
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
