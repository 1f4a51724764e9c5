// one_for_all and rest_for_one.
#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using words = script::words;

namespace {

// a, b, c and d, all up.
script four(strategy how, restart_limit intensity = 5) {
  script s{{.strategy = how, .intensity = intensity}};
  for (const char* name : {"a", "b", "c", "d"}) s.add_up({.name = name, .backoff = no_backoff});
  return s;
}

// Each ends as soon as it is asked to.
void end_in_order(script& s, std::initializer_list<const char*> names) {
  for (const char* name : names) s.end(name, normal_end());
}

}  // namespace

TEST_CASE("one_for_all stops the rest in reverse, one at a time, and starts all in order",
          "[supervision][unit]") {
  auto s = four(strategy::one_for_all);
  s.crash("b");
  CHECK(s.did() == words{"stop d"});
  s.end("d", normal_end());
  CHECK(s.did() == words{"stop c"});
  s.end("c", normal_end());
  CHECK(s.did() == words{"stop a"});
  CHECK(s.info("c").state == child_state::restarting);
  s.end("a", normal_end());
  CHECK(s.did() == words{"start a 2"});
  s.up("a");
  CHECK(s.did() == words{"start b 2"});
  s.up("b");
  s.up("c");
  CHECK(s.did() == words{"start c 2", "start d 2"});
  s.up("d");
  CHECK(s.did().empty());
  CHECK(s.info("d").state == child_state::running);
}

TEST_CASE("rest_for_one restarts the one that failed and those started after it",
          "[supervision][unit]") {
  auto s = four(strategy::rest_for_one);
  s.crash("c");
  CHECK(s.did() == words{"stop d"});
  s.end("d", normal_end());
  CHECK(s.did() == words{"start c 2"});
  s.up("c");
  CHECK(s.did() == words{"start d 2"});
  s.up("d");
  CHECK(s.info("a").incarnation == 1);
  CHECK(s.info("b").incarnation == 1);
}

TEST_CASE("stopped because of a sibling is no failure", "[supervision][unit]") {
  auto s = four(strategy::one_for_all, 1);
  s.crash("a");
  SECTION("however it ends") {
    for (const char* name : {"d", "c", "b"}) s.end(name, by_signal(11));
  }
  SECTION("nor when it ends before its turn") {
    for (const char* name : {"b", "c", "d"}) s.end(name, exit_code(3));
  }
  CHECK(s.did().back() == "start a 2");
  CHECK_FALSE(s.ended);
  for (const char* name : {"a", "b", "c", "d"}) s.up(name);
  CHECK(s.info("d").state == child_state::running);
}

TEST_CASE("the intensity counts restarts of the group, not of each child in it",
          "[supervision][unit]") {
  auto s = four(strategy::one_for_all, 2);
  for (int n = 0; n < 2; ++n) {
    s.crash("a");
    end_in_order(s, {"d", "c", "b"});
    for (const char* name : {"a", "b", "c", "d"}) s.up(name);
  }
  CHECK_FALSE(s.ended);
  s.crash("b");
  end_in_order(s, {"d", "c", "a"});
  REQUIRE(s.ended);
  CHECK(s.ended->history.size() == 3);
}

TEST_CASE("temporary children stopped for their group are forgotten", "[supervision][unit]") {
  script s{{.strategy = strategy::one_for_all}};
  s.add_up({.name = "a", .backoff = no_backoff});
  s.add_up({.name = "b", .restart = restart::temporary});
  s.crash("a");
  s.forget();
  s.end("b", normal_end());
  CHECK(s.told() == words{"b exited 0", "b stopped", "b deleted"});
  CHECK_FALSE(s.has("b"));
  CHECK(s.did() == words{"start a 2"});
}

TEST_CASE("a failing start in one_for_all stops those that came up and begins again",
          "[supervision][unit]") {
  auto s = four(strategy::one_for_all);
  s.crash("d");
  end_in_order(s, {"c", "b", "a"});
  s.up("a");
  s.up("b");
  s.forget();
  s.fail_start("c");
  CHECK(s.did() == words{"stop b"});
  s.end("b", normal_end());
  s.end("a", normal_end());
  CHECK(s.did() == words{"stop a", "start a 3"});
}

TEST_CASE("a failing start in rest_for_one goes on from that child", "[supervision][unit]") {
  auto s = four(strategy::rest_for_one);
  s.crash("b");
  end_in_order(s, {"d", "c"});
  s.up("b");
  s.forget();
  s.fail_start("c");
  CHECK(s.did() == words{"start c 3"});
  CHECK(s.info("b").incarnation == 2);
  s.up("c");
  CHECK(s.did() == words{"start d 2"});
}

TEST_CASE("a group waits for the backoff of the child that failed", "[supervision][unit]") {
  script s{{.strategy = strategy::one_for_all}};
  s.add_up({.name = "a", .backoff = {.initial = 1s, .jitter = 0}});
  s.add_up({.name = "b"});
  for (int n = 0; n < 2; ++n) {
    s.forget();
    s.crash("a");
    s.end("b", normal_end());
    if (n == 0) {
      s.up("a");
      s.up("b");
    }
  }
  CHECK(s.did() == words{"stop b"});
  CHECK(s.info("a").state == child_state::restarting);
  CHECK(s.info("b").state == child_state::restarting);
  s.pass(999ms);
  CHECK(s.did().empty());
  s.pass(1ms);
  CHECK(s.did() == words{"start a 3"});
}

TEST_CASE("requests while a group restarts", "[supervision][unit]") {
  auto s = four(strategy::one_for_all);
  s.crash("a");
  s.forget();
  SECTION("restart_child and delete_child are refused") {
    CHECK(s.restart("a")->why == core::refused::restarting);
    CHECK(s.remove("a")->why == core::refused::restarting);
  }
  SECTION("a child that is terminated meanwhile stays stopped") {
    CHECK_FALSE(s.terminate("d"));  // is being stopped
    CHECK_FALSE(s.terminate("b"));  // its turn comes
    CHECK_FALSE(s.terminate("a"));  // waits
    end_in_order(s, {"d", "c", "b"});
    CHECK(s.did() == words{"stop c", "stop b", "start c 2"});
    s.up("c");
    CHECK(s.did().empty());
    for (const char* name : {"a", "b", "d"}) CHECK(s.info(name).state == child_state::stopped);
  }
  SECTION("a new child starts at once") {
    s.add({.name = "e"});
    CHECK(s.did() == words{"start e 1"});
  }
  SECTION("shutdown goes on where the group was") {
    s.shutdown();
    CHECK(s.did().empty());
    end_in_order(s, {"d", "c", "b"});
    CHECK(s.did() == words{"stop c", "stop b", "ended shutdown"});
  }
}

TEST_CASE("a child that comes up while it is to be stopped for its group is not up",
          "[supervision][unit]") {
  script s{{.strategy = strategy::one_for_all}};
  s.add_up({.name = "a", .backoff = no_backoff});
  s.add({.name = "b"});
  s.add_up({.name = "c"});
  s.crash("a");
  s.forget();
  s.up("b");
  CHECK(s.told() == words{"b started"});
  end_in_order(s, {"c", "b"});
  s.up("a");
  s.forget();
  s.up("b");
  CHECK(s.told() == words{"b started", "b ready"});
}

TEST_CASE("a child that was being stopped by name stays stopped when its group restarts",
          "[supervision][unit]") {
  auto s = four(strategy::one_for_all);
  CHECK_FALSE(s.terminate("d"));
  s.crash("a");
  s.forget();
  end_in_order(s, {"d", "c", "b"});
  for (const char* name : {"a", "b", "c"}) s.up(name);
  CHECK(s.info("c").state == child_state::running);
  CHECK(s.info("d").state == child_state::stopped);
}

TEST_CASE("children that had stopped are started with their group", "[supervision][unit]") {
  script s{{.strategy = strategy::one_for_all}};
  s.add_up({.name = "a", .restart = restart::transient});
  s.add_up({.name = "b", .backoff = no_backoff});
  s.end("a", normal_end());
  s.forget();
  s.crash("b");
  CHECK(s.did() == words{"start a 2"});
}

TEST_CASE("the keeper's death restarts a group in its order, uncounted", "[supervision][unit]") {
  auto s = four(GENERATE(strategy::one_for_all, strategy::rest_for_one), 0);
  for (const char* name : {"a", "b", "c", "d"}) s.end(name, parent_gone());
  s.forget();
  s.up("a");
  s.up("b");
  s.up("c");
  CHECK(s.did() == words{"start b 2", "start c 2", "start d 2"});
  CHECK_FALSE(s.ended);
}

TEST_CASE("a later child's failure leaves the one that starts its turn", "[supervision][unit]") {
  auto s = four(strategy::rest_for_one);
  s.crash("b");
  end_in_order(s, {"d", "c"});
  s.add_up({.name = "e", .backoff = no_backoff});
  s.crash("e");
  CHECK(s.did().empty());  // b is still to come up, then c
  s.up("b");
  CHECK(s.did() == words{"start c 2"});
}

TEST_CASE("a child that joins a group waits until the one that stops has stopped",
          "[supervision][unit]") {
  auto s = four(strategy::one_for_all);
  s.crash("b");
  s.add_up({.name = "e", .backoff = no_backoff});
  s.add_up({.name = "f", .backoff = no_backoff});
  s.crash("f");
  CHECK(s.did().empty());  // d is being stopped
  s.end("d", normal_end());
  CHECK(s.did() == words{"stop e"});
}

TEST_CASE("an earlier child's failure widens the group that is being restarted",
          "[supervision][unit]") {
  auto s = four(strategy::rest_for_one);
  s.crash("d");
  s.forget();
  s.crash("b");
  CHECK(s.did() == words{"stop d"});
  end_in_order(s, {"d", "c"});
  CHECK(s.did() == words{"stop c", "start b 2"});
}
