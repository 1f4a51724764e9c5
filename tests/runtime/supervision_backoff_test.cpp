#include <cmath>
#include <limits>

#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using words = script::words;

namespace {

constexpr std::uint64_t most_random = std::numeric_limits<std::uint64_t>::max();

std::chrono::nanoseconds delay(const backoff_options& options, std::uint64_t failures,
                               std::uint64_t random = 0) {
  return core::backoff_delay(options, failures, [random] { return random; });
}

}  // namespace

TEST_CASE("the first restart does not wait, the next ones wait longer up to the maximum",
          "[supervision][unit]") {
  const backoff_options defaults;
  CHECK(delay(defaults, 1) == 0ms);
  CHECK(delay(defaults, 2) == 10ms);
  CHECK(delay(defaults, 3) == 20ms);
  CHECK(delay(defaults, 4) == 40ms);
  CHECK(delay(defaults, 11) == 5120ms);
  CHECK(delay(defaults, 12) == 10s);
  CHECK(delay(defaults, most_random) == 10s);
  CHECK(delay({.initial = 1s, .factor = 1}, 1'000'000) == 1s);
  CHECK(delay(no_backoff, 50) == 0ms);
}

TEST_CASE("jitter leaves out a random part of the wait, never adds to it", "[supervision][unit]") {
  const backoff_options options{.jitter = 0.2};
  CHECK(delay(options, 12, 0) == 10s);
  CHECK(delay(options, 12, most_random / 2) > 8900ms);
  CHECK(delay(options, 12, most_random / 2) < 9100ms);
  CHECK(delay(options, 12, most_random) > 8s - 1us);
  CHECK(delay(options, 12, most_random) < 8s + 1us);
  CHECK(delay({.jitter = 1}, 12, most_random) < 1us);
  CHECK(delay({.jitter = 0}, 12, most_random) == 10s);
  SECTION("the longest possible wait does not overflow") {
    const backoff_options endless{
        .initial = 1h, .max = std::chrono::nanoseconds::max(), .jitter = 1};
    CHECK(delay(endless, 1000, 0) == std::chrono::nanoseconds::max());
    CHECK(delay(endless, 1000, most_random) >= 0ns);
  }
}

TEST_CASE("a child that keeps failing waits longer each time", "[supervision][unit]") {
  script s{{.intensity = unlimited}};
  s.add_up({.name = "a"});
  s.crash("a");
  CHECK(s.did() == words{"start a 2"});
  s.up("a");
  s.crash("a");
  CHECK(s.told().back() == "a restarting 2 in 10 ms");
  CHECK(s.did().empty());
  CHECK(s.next_in() == 10ms);
  s.pass(10ms - 1ns);
  CHECK(s.did().empty());
  s.pass(1ns);
  CHECK(s.did() == words{"start a 3"});
  s.fail_start("a");
  CHECK(s.told() == words{"a restart failed: no such file", "a restarting 3 in 20 ms"});
  s.pass(20ms);
  CHECK(s.did() == words{"start a 4"});
}

TEST_CASE("a healthy time of reset_after forgets past failures", "[supervision][unit]") {
  script s{{.intensity = unlimited}};
  s.add_up({.name = "a"});
  s.crash_and_up("a");
  SECTION("just too short") {
    s.pass(30s - 1ns);
    s.crash("a");
    CHECK(s.told().back() == "a restarting 2 in 10 ms");
  }
  SECTION("long enough") {
    s.pass(30s);
    s.crash("a");
    CHECK(s.told().back() == "a restarting 1 in 0 ms");
  }
}

TEST_CASE("the keeper's death neither lengthens nor forgets the backoff", "[supervision][unit]") {
  script s{{.intensity = unlimited}};
  s.add_up({.name = "a"});
  s.crash_and_up("a");
  s.end("a", parent_gone());
  CHECK(s.told().back() == "a restarting 1 in 0 ms");
  s.up("a");
  s.crash("a");
  CHECK(s.told().back() == "a restarting 2 in 10 ms");
}

TEST_CASE("time spent waiting for a backoff is not time in the window", "[supervision][unit]") {
  script s{{.intensity = 3, .period = 1s}};
  s.add_up({.name = "a", .backoff = {.initial = 1h, .factor = 1, .max = 1h, .jitter = 0}});
  SECTION("a child that never comes up ends the supervisor after intensity + 1 failures") {
    s.crash("a");
    int failures = 1;
    for (; !s.ended && failures < 10; ++failures) {
      s.pass(1h);
      s.fail_start("a");
    }
    CHECK(failures == 4);
    REQUIRE(s.ended);
    CHECK(s.ended->history.size() == 4);
  }
  SECTION("nor does the time of starts that time out count") {
    s.crash("a");
    int failures = 1;
    for (; !s.ended && failures < 10; ++failures) {
      s.pass(1h);
      s.pass(10s);
      s.end("a", by_signal(9));
    }
    CHECK(failures == 4);
  }
  const auto fail_wait_and_run = [&](std::chrono::nanoseconds time) {
    s.crash("a");
    if (s.next_in() == 1h) s.pass(1h);  // The first restart does not wait.
    s.up("a");
    s.pass(time);
  };
  SECTION("a child that is up between its failures ages as if it had not waited") {
    for (int i = 0; i < 20; ++i) fail_wait_and_run(334ms);
    CHECK_FALSE(s.ended);
    CHECK(s.info("a").state == child_state::running);
  }
  SECTION("and trips when its time up is too short for that") {
    for (int i = 0; i < 3; ++i) fail_wait_and_run(333ms);
    CHECK_FALSE(s.ended);
    s.crash("a");
    CHECK(s.ended);
  }
}

TEST_CASE("a child that waits does not hold the failures of others in the window",
          "[supervision][unit]") {
  script s{{.intensity = 3, .period = 1s}};
  s.add_up({.name = "waits", .backoff = {.initial = 1h, .max = 1h}});
  s.add_up({.name = "fails", .backoff = no_backoff});
  s.crash_and_up("waits");
  s.crash("waits");
  for (int i = 0; i < 100; ++i) {
    s.crash_and_up("fails");
    s.pass(1001ms);
  }
  CHECK_FALSE(s.ended);
  SECTION("but its own stay there") {
    s.crash_and_up("fails");
    s.crash("fails");
    CHECK(s.ended);
  }
  SECTION("until it is no longer tried") {
    REQUIRE_FALSE(s.terminate("waits"));
    s.pass(1001ms);
    for (int i = 0; i < 3; ++i) s.crash_and_up("fails");
    CHECK_FALSE(s.ended);
    s.crash("fails");
    CHECK(s.ended);
  }
}
