#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using core::refused;
using words = script::words;

namespace {

// A child that waits an hour for its next start.
void make_waiting(script& s, const std::string& name) {
  s.add_up({.name = name, .backoff = {.initial = 1h, .max = 1h, .jitter = 0}});
  s.crash_and_up(name);
  s.crash(name);
  s.forget();
}

}  // namespace

TEST_CASE("terminate stops a child by name and keeps its specification, unless temporary",
          "[supervision][unit]") {
  script s{{.intensity = 0}};
  const auto type = GENERATE(restart::permanent, restart::transient, restart::temporary);
  s.add_up({.name = "a", .restart = type});
  REQUIRE_FALSE(s.terminate("a"));
  CHECK(s.did() == words{"stop a"});
  CHECK(s.info("a").state == child_state::stopping);
  REQUIRE_FALSE(s.terminate("a"));
  CHECK(s.did().empty());
  s.crash("a");
  CHECK(s.did().empty());
  CHECK_FALSE(s.ended);
  if (type == restart::temporary) {
    CHECK(s.told() == words{"a exited by signal 11", "a stopped", "a deleted"});
    CHECK_FALSE(s.has("a"));
  } else {
    CHECK(s.told() == words{"a exited by signal 11", "a stopped"});
    CHECK(s.info("a").state == child_state::stopped);
    REQUIRE_FALSE(s.terminate("a"));
    CHECK(s.told().empty());
    REQUIRE_FALSE(s.restart("a"));
    CHECK(s.did() == words{"start a 2"});
  }
}

TEST_CASE("terminate kills a child that does not stop in its time", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a", .shutdown = 1s});
  REQUIRE_FALSE(s.terminate("a"));
  s.pass(1s);
  CHECK(s.did() == words{"stop a", "kill a"});
}

TEST_CASE("terminate ends a start under way", "[supervision][unit]") {
  script s;
  s.add({.name = "a"});
  REQUIRE_FALSE(s.terminate("a"));
  SECTION("it came up meanwhile") {
    s.up("a");
    CHECK(s.info("a").state == child_state::stopping);
    s.end("a", normal_end());
  }
  SECTION("it did not") { s.fail_start("a"); }
  CHECK(s.told().back() == "a stopped");
  CHECK(s.info("a").state == child_state::stopped);
  CHECK(s.did() == words{"start a 1", "stop a"});
}

TEST_CASE("restart_child starts a stopped child with its failures forgotten",
          "[supervision][unit]") {
  script s{{.intensity = unlimited}};
  make_waiting(s, "a");
  REQUIRE_FALSE(s.terminate("a"));
  s.forget();
  REQUIRE_FALSE(s.restart("a"));
  CHECK(s.did() == words{"start a 3"});
  CHECK(s.info("a").state == child_state::starting);
  SECTION("up") {
    s.up("a");
    s.crash("a");
    CHECK(s.told().back() == "a restarting 1 in 0 ms");
  }
  SECTION("if that fails it stays stopped, uncounted") {
    s.fail_start("a", "x");
    CHECK(s.told() == words{"a start failed: x"});
    CHECK(s.did().empty());
    CHECK(s.info("a").state == child_state::stopped);
    CHECK_FALSE(s.restart("a"));
  }
}

TEST_CASE("delete_child forgets a stopped child and refuses any other", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a"});
  CHECK(s.remove("a")->why == refused::already_running);
  REQUIRE_FALSE(s.terminate("a"));
  CHECK(s.remove("a")->why == refused::already_running);
  s.end("a", normal_end());
  s.forget();
  REQUIRE_FALSE(s.remove("a"));
  CHECK(s.told() == words{"a deleted"});
  CHECK_FALSE(s.has("a"));
  CHECK(s.remove("a")->why == refused::not_found);
  CHECK(s.terminate("a")->why == refused::not_found);
  CHECK(s.restart("a")->why == refused::not_found);
}

TEST_CASE("a name that is taken is refused, with what its child is doing", "[supervision][unit]") {
  script s;
  s.add({.name = "a"});
  const auto said = s.try_add({.name = "a"});
  REQUIRE(said);
  CHECK(said->why == refused::already_running);
  CHECK(said->field == "name");
  s.up("a");
  CHECK(s.try_add({.name = "a"})->why == refused::already_running);
  CHECK(s.restart("a")->why == refused::already_running);
  REQUIRE_FALSE(s.terminate("a"));
  s.end("a", normal_end());
  CHECK(s.try_add({.name = "a"})->why == refused::already_present);
  REQUIRE_FALSE(s.remove("a"));
  CHECK_FALSE(s.try_add({.name = "a"}));
}

TEST_CASE("a child that waits for its backoff is listed as restarting, with its next attempt",
          "[supervision][unit]") {
  script s;
  make_waiting(s, "a");
  CHECK(s.info("a").state == child_state::restarting);
  CHECK(s.info("a").next_attempt == s.now + 1h);
  CHECK(s.info("a").pid == 0);
  CHECK(s.machine.count_children().restarting == 1);
  SECTION("add, restart and delete say so") {
    CHECK(s.try_add({.name = "a"})->why == refused::restarting);
    CHECK(s.restart("a")->why == refused::restarting);
    CHECK(s.remove("a")->why == refused::restarting);
  }
  SECTION("terminate works at once, and no start follows") {
    REQUIRE_FALSE(s.terminate("a"));
    CHECK(s.told() == words{"a stopped"});
    CHECK(s.info("a").state == child_state::stopped);
    s.pass(2h);
    CHECK(s.did().empty());
  }
  SECTION("so it is while an attempt is under way, and between failing ones") {
    s.pass(1h);
    CHECK(s.did() == words{"start a 3"});
    CHECK(s.info("a").state == child_state::restarting);
    CHECK(s.info("a").next_attempt == s.now);
    CHECK(s.remove("a")->why == refused::restarting);
    s.fail_start("a");
    CHECK(s.info("a").state == child_state::restarting);
    CHECK(s.info("a").next_attempt == s.now + 1h);
  }
}

TEST_CASE("which_children lists the newest first and agrees with count_children",
          "[supervision][unit]") {
  script s{{.intensity = unlimited}};
  s.add_up({.name = "runs"});
  make_waiting(s, "waits");
  s.add_up({.name = "stops"}, child_kind::supervisor);
  s.add_up({.name = "stopped"});
  s.add({.name = "starts"});
  REQUIRE_FALSE(s.terminate("stops"));
  REQUIRE_FALSE(s.terminate("stopped"));
  s.end("stopped", normal_end());

  CHECK(s.names() == words{"starts", "stopped", "stops", "waits", "runs"});
  CHECK(s.info("starts").state == child_state::starting);
  CHECK(s.info("stopped").state == child_state::stopped);
  CHECK(s.info("stopped").pid == 0);
  CHECK(s.info("stops").state == child_state::stopping);
  CHECK(s.info("stops").kind == child_kind::supervisor);
  CHECK(s.info("stops").pid == 100);
  CHECK(s.info("runs").state == child_state::running);
  CHECK(s.machine.count_children() ==
        child_count{
            .specifications = 5, .active = 3, .supervisors = 1, .workers = 4, .restarting = 1});
  CHECK(s.machine.find("runs") == s.info("runs").id);
  CHECK_FALSE(s.machine.find("nobody"));
}

TEST_CASE("a restarted child keeps its place in the order", "[supervision][unit]") {
  script s;
  for (const char* name : {"a", "b", "c"}) s.add_up({.name = name});
  REQUIRE_FALSE(s.terminate("a"));
  s.end("a", normal_end());
  REQUIRE_FALSE(s.restart("a"));
  s.up("a");
  s.forget();
  s.shutdown();
  CHECK(s.did() == words{"stop c"});
}
