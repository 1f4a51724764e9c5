#include "core/watchdog.hpp"

#include <string>
#include <vector>

#include "core/pulse.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace bulkhead;
namespace pulse = core::pulse;
using core::watchdog;
using verdict = watchdog::verdict;

namespace {

using instant = core::instant;
constexpr auto patience = 100ms;

/// One look: how long after the last, with what in the word, and what it is to say.
struct look {
  std::chrono::milliseconds later;
  std::uint64_t word;
  verdict says = verdict::well;
};

struct course {
  const char* says;
  std::vector<look> looks;
};

constexpr std::uint64_t beats(std::uint64_t n) { return pulse::thread + n * pulse::beat; }
constexpr std::uint64_t one_waits = beats(1) + pulse::waiter;
constexpr std::uint64_t one_of_two_waits = one_waits + pulse::thread;

const std::vector<course> courses = {
    {"silence for its patience is a hang",
     {{25ms, beats(0)}, {25ms, beats(0)}, {25ms, beats(0)}, {25ms, beats(0), verdict::hung}}},
    {"a beat begins it anew",
     {{50ms, beats(0)},
      {49ms, beats(0)},
      {25ms, beats(1)},
      {50ms, beats(1)},
      {49ms, beats(1)},
      {1ms, beats(1), verdict::hung}}},
    {"any change of the word is a sign of life, even one that runs backwards",
     {{50ms, beats(5)}, {50ms, beats(4)}, {50ms, beats(3)}, {50ms, beats(4)}}},
    {"one that never beat is hung as well, though nobody waits either",
     {{50ms, 0}, {50ms, 0, verdict::hung}}},
    {"who waits for others is never hung",
     {{50ms, one_waits}, {50ms, one_waits}, {5000ms, one_waits}, {50ms, one_waits}}},
    {"from the end of the wait on it counts",
     {{50ms, one_waits},
      {50ms, one_waits},
      {50ms, beats(2)},
      {50ms, beats(2)},
      {50ms, beats(2), verdict::hung}}},
    {"waiting holds only when all that ever beat wait",
     {{25ms, one_of_two_waits}, {50ms, one_of_two_waits}, {50ms, one_of_two_waits, verdict::hung}}},
    {"time in which nobody looked counts as two looks",
     {{1ms, beats(1)}, {3600'000ms, beats(1)}, {49ms, beats(1)}, {1ms, beats(1), verdict::hung}}},
    {"a hung one is told of once, and killed once after the grace, whatever it does meanwhile",
     {{50ms, beats(0)},
      {50ms, beats(0), verdict::hung},
      {500ms, beats(1)},
      {499ms, one_waits},
      {1ms, beats(2), verdict::overdue},
      {5000ms, beats(2)}}},
};

}  // namespace

TEST_CASE("a watchdog's verdicts", "[watchdog][unit]") {
  for (const course& each : courses) {
    DYNAMIC_SECTION(each.says) {
      watchdog dog(patience);
      instant now{};
      dog.begin(beats(0) * (each.looks.front().word != 0), now);
      for (const look& l : each.looks) {
        now += l.later;
        INFO("at " << now.time_since_epoch() / 1ms << " ms");
        CHECK(dog.look(l.word, now) == l.says);
      }
    }
  }
}

TEST_CASE("a watchdog that rests says nothing, unless it has spoken", "[watchdog][unit]") {
  watchdog dog(patience);
  instant now{};
  SECTION("before it begins") {
    CHECK_FALSE(dog.next_look());
    CHECK(dog.look(beats(0), now + 10s) == verdict::well);
  }
  SECTION("when its process is asked to stop") {
    dog.begin(beats(0), now);
    dog.rest();
    CHECK_FALSE(dog.next_look());
    CHECK(dog.look(beats(0), now + 50ms) == verdict::well);
    CHECK(dog.look(beats(0), now + 100ms) == verdict::well);
    dog.begin(beats(0), now + 100ms);
    CHECK_FALSE(dog.next_look());
  }
  SECTION("but one that is to abort is killed all the same") {
    dog.begin(beats(0), now);
    CHECK(dog.look(beats(0), now + 50ms) == verdict::well);
    CHECK(dog.look(beats(0), now + 100ms) == verdict::hung);
    CHECK(dog.is_hung());
    dog.rest();
    CHECK(dog.next_look() == now + 100ms + watchdog::grace);
    CHECK(dog.look(beats(0), now + 100ms + watchdog::grace) == verdict::overdue);
    CHECK_FALSE(dog.next_look());
  }
}

TEST_CASE("a watchdog that is asked when it wants to be tells in time", "[watchdog][unit]") {
  for (const std::chrono::nanoseconds time : {1ns, 20'000'000ns, 1'000'000'000ns}) {
    watchdog dog(time);
    const auto least = std::max<std::chrono::nanoseconds>(time, watchdog::patience_min);
    const instant begin = instant{} + 1h;
    dog.begin(beats(0), begin);
    instant now = *dog.next_look();
    CHECK(dog.look(beats(1), now) == verdict::well);
    const instant beaten = now;
    int looks = 0;
    for (verdict v = verdict::well; v == verdict::well && ++looks < 100;) {
      now = *dog.next_look();
      v = dog.look(beats(1), now);
    }
    CHECK(now - beaten >= least);
    CHECK(now - beaten <= least * 5 / 4);
  }
}

TEST_CASE("the counts in a pulse do not touch each other", "[watchdog][unit]") {
  CHECK(pulse::waits(pulse::thread + pulse::waiter));
  CHECK_FALSE(pulse::waits(0));
  CHECK_FALSE(pulse::waits(pulse::thread));
  CHECK_FALSE(pulse::waits(pulse::waiter));
  CHECK(pulse::waits(~std::uint64_t{0}));
  // The beats wrap into nothing.
  const std::uint64_t last = one_waits - pulse::beat + (std::uint64_t{0xffffffff} << 32);
  CHECK(pulse::threads_in(last + pulse::beat) == pulse::threads_in(one_waits));
  CHECK(pulse::waits(last + pulse::beat));
}
