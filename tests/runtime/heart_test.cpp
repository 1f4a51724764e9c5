// The heart of a watched process, without a process: what it writes into the pulse.
#include "heart.hpp"

#include <atomic>
#include <functional>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead::detail::pipe_gate;
using bulkhead::detail::process_heart;
using bulkhead::detail::watched_gates;
using bulkhead_test::eventually;
namespace core = bulkhead::core;
namespace os = bulkhead::os;

namespace {

/// A heart that looks every 5 ms. Never destroyed, like those of processes.
struct patient {
  os::unique_fd segment = os::pulse_memory::make_segment();
  os::pulse_memory keepers{segment.get()};
  process_heart* heart = new process_heart(os::pulse_memory(segment.get()), 20ms);

  [[nodiscard]] std::uint64_t word() const { return keepers.word().load(); }
  [[nodiscard]] std::uint64_t threads() const { return core::pulse::threads_in(word()); }
  [[nodiscard]] bool waits() const { return core::pulse::waits(word()); }
  /// True when the word changes while `what` is done.
  [[nodiscard]] bool beats_with(const std::function<void()>& what) const {
    const std::uint64_t before = word();
    what();
    return word() != before;
  }
};

// A thread's part in a heart ends with the thread.
void in_a_thread(const std::function<void()>& what) { std::thread(what).join(); }

}  // namespace

TEST_CASE("a beat is counted, and its thread until it ends", "[watchdog][unit]") {
  const patient p;
  in_a_thread([&] {
    CHECK(p.beats_with([&] { p.heart->beat(); }));
    CHECK(p.beats_with([&] { p.heart->beat(); }));
    CHECK(p.threads() == 1);
    CHECK_FALSE(p.waits());
    in_a_thread([&] {
      p.heart->beat();
      CHECK(p.threads() == 2);
    });
    CHECK(p.threads() == 1);
  });
  CHECK(p.threads() == 0);
}

TEST_CASE("a process waits while all its threads that ever beat do", "[watchdog][unit]") {
  const patient p;
  in_a_thread([&] {
    {
      const core::waiting_mark mark(p.heart);
      CHECK(p.waits());
      {
        const core::waiting_mark nested(p.heart);
        CHECK(p.waits());
      }
      CHECK(p.waits());
      std::atomic<bool> done{false};
      std::thread other([&] {
        p.heart->beat();
        while (!done) std::this_thread::yield();
      });
      CHECK(eventually([&] { return p.threads() == 2; }));
      CHECK_FALSE(p.waits());
      done = true;
      other.join();
      CHECK(p.waits());
    }
    CHECK_FALSE(p.waits());
    CHECK(p.beats_with([&] { const core::waiting_mark mark(p.heart); }));
  });
}

TEST_CASE("what passes a gate is a beat, seen by the heart's own thread", "[watchdog][unit]") {
  const patient p;
  pipe_gate out;
  pipe_gate in;
  p.heart->start([](const std::function<void()>&) {});
  const watched_gates shown(p.heart, out, in);
  CHECK(p.beats_with([&] {
    const std::uint64_t before = p.word();
    out.move_to(1);
    CHECK(eventually([&] { return p.word() != before; }));
  }));
  const std::uint64_t before = p.word();
  in.leave();
  CHECK(eventually([&] { return p.word() != before; }));
  CHECK(p.threads() == 0);
}

TEST_CASE("the runtime's own thread waits while it answers", "[watchdog][unit]") {
  const patient p;
  std::atomic<bool> stuck{false};
  p.heart->start([&](const std::function<void()>& question) {
    if (!stuck) question();
  });
  std::atomic<bool> done{false};
  std::thread loop([&] {
    process_heart::mark_loop_thread();
    p.heart->beat();
    while (!done) std::this_thread::sleep_for(1ms);
  });
  CHECK(eventually([&] { return p.waits(); }));
  CHECK(p.threads() == 1);
  stuck = true;
  CHECK(eventually([&] { return !p.waits(); }));
  done = true;
  loop.join();
  CHECK(eventually([&] { return p.threads() == 0; }));
}
