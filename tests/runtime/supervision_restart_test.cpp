#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using words = script::words;

TEST_CASE("a permanent child is restarted whatever its end", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a"});
  SECTION("normal") { s.end("a", normal_end()); }
  SECTION("exit code") { s.end("a", exit_code(3)); }
  SECTION("signal") { s.end("a", by_signal(11)); }
  SECTION("uncaught exception") {
    s.end("a", ended_by(death_cause::exception, 1, 0, "std::bad_alloc"));
  }
  CHECK(s.did() == words{"start a 2"});
  CHECK(s.told()[1] == "a restarting 1 in 0 ms");
  CHECK(s.info("a").state == child_state::restarting);
  CHECK(s.info("a").pid == 0);
  s.up("a");
  CHECK(s.info("a").state == child_state::running);
  CHECK(s.info("a").incarnation == 2);
}

TEST_CASE("a transient child is restarted only after an abnormal end", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a", .restart = restart::transient});
  SECTION("not after a normal one, which keeps its specification") {
    s.end("a", normal_end());
    CHECK(s.did().empty());
    CHECK(s.told() == words{"a exited 0"});
    CHECK(s.info("a").state == child_state::stopped);
    CHECK_FALSE(s.restart("a"));
    CHECK(s.did() == words{"start a 2"});
  }
  SECTION("not after it obeyed a stop request that did not come through the supervisor") {
    s.end("a", ended_by(death_cause::stopped, 0));
    CHECK(s.did().empty());
    CHECK(s.info("a").state == child_state::stopped);
  }
  const auto restarts = [&](const exit_status& status) {
    s.end("a", status);
    CHECK(s.did() == words{"start a 2"});
  };
  SECTION("after an exit code") { restarts(exit_code(1)); }
  SECTION("after a fault") { restarts(by_signal(11)); }
  SECTION("after kill() from outside") { restarts(ended_by(death_cause::stopped, -1, 9)); }
  SECTION("after terminate() from outside") { restarts(ended_by(death_cause::stopped, -1, 15)); }
  SECTION("after the watchdog's") { restarts(ended_by(death_cause::watchdog, 0)); }
  SECTION("after a limit's") { restarts(ended_by(death_cause::memory_limit, 0)); }
}

TEST_CASE("a temporary child is never restarted, and its specification is forgotten",
          "[supervision][unit]") {
  script s;
  s.add_up({.name = "a", .restart = restart::temporary});
  SECTION("normal") { s.end("a", normal_end()); }
  SECTION("crash") { s.end("a", by_signal(11)); }
  SECTION("the keeper's death") { s.end("a", parent_gone()); }
  CHECK(s.did().empty());
  CHECK(s.told().back() == "a deleted");
  CHECK_FALSE(s.has("a"));
  s.add({.name = "a"});
  CHECK(s.did() == words{"start a 1"});
}

TEST_CASE("one_for_one leaves the other children alone", "[supervision][unit]") {
  script s;
  for (const char* name : {"a", "b", "c"}) s.add_up({.name = name});
  s.crash("b");
  CHECK(s.did() == words{"start b 2"});
  CHECK(s.info("a").incarnation == 1);
  CHECK(s.info("c").incarnation == 1);
}

TEST_CASE("events carry time, path, child, pid and incarnation", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a"});
  s.events.clear();
  s.now += 2s;
  s.end("a", exit_code(3));
  const supervision_event want{.time = s.now,
                               .supervisor = "main/supervisor",
                               .child = "a",
                               .pid = 100,
                               .incarnation = 1,
                               .what = events::exited{exit_code(3)}};
  REQUIRE(s.events.size() == 2);
  CHECK(s.events[0] == want);
  s.up("a");
  CHECK(s.told() == words{"a exited 3", "a restarting 1 in 0 ms", "a started", "a ready"});
  CHECK(s.events[3].incarnation == 2);
}

TEST_CASE("intensity failures in the period are borne, one more ends the supervisor",
          "[supervision][unit]") {
  script s{{.intensity = 2, .period = 10s}};
  s.add_up({.name = "a", .backoff = no_backoff});
  s.add_up({.name = "b", .backoff = no_backoff});
  s.crash_and_up("a");
  s.crash_and_up("b");
  s.forget();
  s.pass(9s);
  s.end("a", exit_code(7));
  CHECK(s.told() == words{"a exited 7", "a gave up after 3"});
  CHECK(s.did() == words{"stop b"});
  s.end("b", normal_end());
  CHECK(s.did() == words{"ended gave up"});
  REQUIRE(s.ended);
  CHECK(*s.ended == end_reason::gave_up);
  CHECK(s.ended->child == "a");
  CHECK(s.ended->status == exit_code(7));
  REQUIRE(s.ended->history.size() == 3);
  CHECK(s.ended->history[0].child == "a");
  CHECK(s.ended->history[1].child == "b");
  CHECK(s.ended->history[1].status == by_signal(11));
  CHECK(s.ended->history[2].incarnation == 2);
}

TEST_CASE("an intensity of 0 bears no failure", "[supervision][unit]") {
  script s{{.intensity = 0}};
  s.add_up({.name = "a"});
  s.crash("a");
  CHECK(s.did() == words{"ended gave up"});
}

TEST_CASE("an unlimited intensity bears any number of failures", "[supervision][unit]") {
  script s{{.intensity = unlimited}};
  s.add_up({.name = "a", .backoff = no_backoff});
  for (int i = 0; i < 10'000; ++i) s.crash_and_up("a");
  CHECK(s.info("a").state == child_state::running);
  CHECK(s.incarnation("a") == 10'001);
}

TEST_CASE("failures spaced wider than the window never trip it", "[supervision][unit]") {
  script s{{.intensity = 1, .period = 10s}};
  s.add_up({.name = "a", .backoff = no_backoff});
  SECTION("just wider: never") {
    for (int i = 0; i < 100; ++i) {
      s.crash_and_up("a");
      s.pass(10s + 1ns);
    }
    CHECK_FALSE(s.ended);
    CHECK(s.info("a").state == child_state::running);
  }
  SECTION("exactly as wide: still in it") {
    s.crash_and_up("a");
    s.pass(10s);
    s.crash("a");
    CHECK(s.ended);
  }
}

TEST_CASE("ends that lead to no restart count for nothing", "[supervision][unit]") {
  script s{{.intensity = 0}};
  s.add_up({.name = "a", .restart = restart::temporary});
  s.add_up({.name = "b", .restart = restart::transient});
  s.crash("a");
  s.end("b", normal_end());
  CHECK_FALSE(s.ended);
}

TEST_CASE("the keeper's death is nobody's failure", "[supervision][unit]") {
  script s{{.intensity = 0}};
  SECTION("a running child runs again at once and uncounted") {
    s.add_up({.name = "a", .restart = restart::transient});
    for (int i = 0; i < 5; ++i) {
      s.end("a", parent_gone());
      s.up("a");
    }
    CHECK(s.did().back() == "start a 6");
    CHECK(s.told()[1] == "a restarting 0 in 0 ms");
    CHECK(s.next_in() == std::nullopt);
  }
  SECTION("a start under way begins again") {
    s.add({.name = "a"});
    s.end("a", parent_gone());
    CHECK(s.did() == words{"start a 1", "start a 2"});
    s.up("a");
    CHECK(s.info("a").state == child_state::running);
  }
  SECTION("the supervisor's own start begins again with that child") {
    REQUIRE_FALSE(s.start({{.name = "a"}, {.name = "b"}}));
    s.end("a", parent_gone());
    s.up("a");
    CHECK(s.did() == words{"start a 1", "start a 2", "start b 1"});
  }
  CHECK_FALSE(s.ended);
}

TEST_CASE("reports of a past incarnation change nothing", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a"});
  s.crash_and_up("a");
  s.forget();
  s.machine.exited(s.id("a"), 1, by_signal(11), s.now);
  s.machine.start_failed(s.id("a"), 1, no_start("late"), s.now);
  s.machine.started(s.id("a"), 1, 7, s.now);
  s.machine.exited(s.id("a") + 1, 1, by_signal(11), s.now);
  CHECK(s.machine.take_commands().empty());
  CHECK(s.info("a").pid == 100);
}

TEST_CASE("a hung child is told of, and its end is abnormal whatever its exit code",
          "[supervision][unit]") {
  script s;
  s.add_up({.name = "a", .restart = restart::transient, .watchdog = 1s});
  s.hang("a");
  CHECK(s.told() == script::words{"a hung"});
  CHECK(s.did().empty());
  s.end("a", {.code = 0, .cause = death_cause::watchdog});
  CHECK(s.told() == script::words{"a exited 0", "a restarting 1 in 0 ms"});
  CHECK(s.did() == script::words{"start a 2"});
  SECTION("an incarnation that is over does not hang") {
    s.hang("a", 1);
    CHECK(s.told().empty());
  }
}
