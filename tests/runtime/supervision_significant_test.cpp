// Significant children, budgets and exit rules.
#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using words = script::words;

namespace {

child_spec significant(const char* name) {
  return {.name = name, .restart = restart::transient, .significant = true};
}

}  // namespace

TEST_CASE("any_significant ends the supervisor with the first of them", "[supervision][unit]") {
  script s{{.auto_shutdown = auto_shutdown::any_significant}};
  s.add_up(significant("a"));
  s.add_up(significant("b"));
  s.add_up({.name = "c"});
  SECTION("by a normal end") {
    s.end("a", normal_end());
    CHECK(s.did() == words{"stop c"});
    s.end("c", normal_end());
    s.end("b", normal_end());
    CHECK(s.did() == words{"stop b", "ended auto_shutdown"});
  }
  SECTION("not by an end that is followed by a restart") {
    s.crash("a");
    CHECK(s.did() == words{"start a 2"});
  }
  SECTION("not by terminate_child") {
    CHECK_FALSE(s.terminate("a"));
    s.end("a", normal_end());
    CHECK(s.did() == words{"stop a"});
  }
  SECTION("not by the end of another child") {
    s.end("c", normal_end());
    CHECK(s.did() == words{"start c 2"});
  }
}

TEST_CASE("all_significant ends the supervisor with the last of them", "[supervision][unit]") {
  script s{{.auto_shutdown = auto_shutdown::all_significant}};
  s.add_up(significant("a"));
  s.add_up({.name = "b", .restart = restart::temporary, .significant = true});
  s.end("a", normal_end());
  CHECK(s.did().empty());
  s.end("b", by_signal(11));  // a temporary child is not started again
  CHECK(s.did() == words{"ended auto_shutdown"});
}

TEST_CASE("significant children are refused where nothing comes of them", "[supervision][unit]") {
  script s;
  const auto refused = s.try_add(significant("a"));
  REQUIRE(refused);
  CHECK(refused->field == "significant");
}

TEST_CASE("a significant child that its group stopped does not end the supervisor",
          "[supervision][unit]") {
  script s{{.strategy = strategy::one_for_all, .auto_shutdown = auto_shutdown::any_significant}};
  s.add_up({.name = "a", .backoff = no_backoff});
  s.add_up({.name = "b", .restart = restart::temporary, .significant = true});
  s.crash("a");
  s.forget();
  s.end("b", normal_end());
  CHECK(s.did() == words{"start a 2"});
}

TEST_CASE("a child's own budget ends the supervisor before the supervisor's does",
          "[supervision][unit]") {
  script s{{.intensity = 10}};
  s.add_up({.name = "a", .backoff = no_backoff, .budget = restart_budget{1, 10s}});
  s.add_up({.name = "b", .backoff = no_backoff});
  s.crash_and_up("b");
  s.crash_and_up("b");
  s.crash_and_up("a");
  CHECK(s.info("a").state == child_state::running);
  SECTION("when it is used up") {
    s.crash("a");
    s.end("b", normal_end());
    REQUIRE(s.ended);
    CHECK(*s.ended == end_reason::gave_up);
    CHECK(s.ended->history.size() == 2);  // the child's alone
  }
  SECTION("not when its failures are spaced wider") {
    s.pass(11s);
    s.crash_and_up("a");
    CHECK(s.info("a").state == child_state::running);
  }
}

TEST_CASE("exit rules force and forbid restarts", "[supervision][unit]") {
  script s;
  SECTION("forbidden for a permanent child") {
    s.add_up({.name = "a", .no_restart_on = {.codes = {3}, .signals = {15}}});
    SECTION("by code") { s.end("a", exit_code(3)); }
    SECTION("by signal") { s.end("a", by_signal(15)); }
    CHECK(s.did().empty());
    CHECK(s.info("a").state == child_state::stopped);
  }
  SECTION("forced for a transient child") {
    s.add_up({.name = "a", .restart = restart::transient, .restart_on = {.codes = {0}}});
    s.end("a", normal_end());
    CHECK(s.did() == words{"start a 2"});
  }
  SECTION("a signal's number is no exit code") {
    s.add_up({.name = "a", .no_restart_on = {.codes = {11}}});
    s.end("a", by_signal(11));
    CHECK(s.did() == words{"start a 2"});
  }
  SECTION("the keeper's death is no end of the child's own") {
    s.add_up({.name = "a", .no_restart_on = {.signals = {9}}});
    s.end("a", parent_gone());
    CHECK(s.did() == words{"start a 2"});
  }
}
