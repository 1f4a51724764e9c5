#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using words = script::words;

TEST_CASE("children start in the order given, each once the one before it is up",
          "[supervision][unit]") {
  script s;
  REQUIRE_FALSE(s.start({{.name = "a"}, {.name = "b"}, {.name = "c"}}));
  CHECK(s.did() == words{"start a 1"});
  s.up("a");
  CHECK(s.did() == words{"start b 1"});
  s.up("b");
  s.up("c");
  CHECK(s.did() == words{"start c 1", "all started"});
  CHECK(s.names() == words{"c", "b", "a"});
}

TEST_CASE("a supervisor without children has started at once", "[supervision][unit]") {
  script s;
  REQUIRE_FALSE(s.start({}));
  CHECK(s.did() == words{"all started"});
  s.shutdown();
  CHECK(s.did() == words{"ended shutdown"});
}

TEST_CASE("if a child fails at supervisor start, those up are stopped in reverse and it ends",
          "[supervision][unit]") {
  script s;
  REQUIRE_FALSE(s.start({{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}}));
  s.up("a");
  s.up("b");
  s.forget();
  s.fail_start("c", "no memory");
  CHECK(s.told() == words{"c start failed: no memory"});
  CHECK(s.did() == words{"stop b"});
  s.end("b", normal_end());
  CHECK(s.did() == words{"stop a"});
  s.end("a", normal_end());
  CHECK(s.did() == words{"ended start failed of c"});
  CHECK(*s.ended == end_reason::start_failed);
  CHECK(s.ended->status == no_start("no memory"));
  CHECK_FALSE(s.has("d"));
}

TEST_CASE("a child that fails while a later one starts is restarted as ever",
          "[supervision][unit]") {
  script s;
  REQUIRE_FALSE(s.start({{.name = "a"}, {.name = "b"}}));
  s.up("a");
  s.crash("a");
  CHECK(s.did() == words{"start a 1", "start b 1", "start a 2"});
  s.up("a");
  CHECK(s.did().empty());
  s.up("b");
  CHECK(s.did() == words{"all started"});
}

TEST_CASE("while the supervisor starts, requests are refused, but not its shutdown",
          "[supervision][unit]") {
  script s;
  REQUIRE_FALSE(s.start({{.name = "a"}, {.name = "b"}}));
  s.forget();
  CHECK(s.try_add({.name = "x"})->why == core::refused::starting);
  CHECK(s.terminate("a")->why == core::refused::starting);
  CHECK(s.restart("a")->why == core::refused::starting);
  CHECK(s.remove("a")->why == core::refused::starting);
  s.shutdown();
  CHECK(s.did() == words{"stop a"});
  s.end("a", normal_end());
  CHECK(s.did() == words{"ended shutdown"});
}

TEST_CASE("a list with a bad child is refused as a whole", "[supervision][unit]") {
  script s;
  SECTION("a bad value") {
    const auto said = s.start({{.name = "a"}, {.name = "b", .start_timeout = 0s}});
    REQUIRE(said);
    CHECK(said->field == "start_timeout");
  }
  SECTION("a name given twice") {
    const auto said = s.start({{.name = "a"}, {.name = "a"}});
    REQUIRE(said);
    CHECK(said->field == "name");
  }
  CHECK(s.did().empty());
  CHECK(s.names().empty());
}

TEST_CASE("a child whose first start fails leaves nothing behind", "[supervision][unit]") {
  script s{{.intensity = 0}};
  s.add({.name = "a"});
  s.fail_start("a", "no such file");
  CHECK(s.told() == words{"a start failed: no such file"});
  CHECK_FALSE(s.has("a"));
  CHECK_FALSE(s.ended);
  CHECK(s.next_in() == std::nullopt);
  s.add({.name = "a"});
  CHECK(s.did() == words{"start a 1", "start a 1"});
}

TEST_CASE("a failed start at a restart counts as another failure of that child",
          "[supervision][unit]") {
  script s{{.intensity = 2}};
  s.add_up({.name = "a", .backoff = no_backoff});
  s.crash("a");
  s.fail_start("a");
  CHECK(s.did() == words{"start a 2", "start a 3"});
  s.fail_start("a");
  CHECK(s.did() == words{"ended gave up"});
}

TEST_CASE("an end before the child is up is a failed start, even with exit code 0",
          "[supervision][unit]") {
  script s;
  s.add_up({.name = "a", .restart = restart::transient, .backoff = no_backoff});
  s.crash("a");
  s.forget();
  s.end("a", normal_end());
  CHECK(s.told()[0] == "a restart failed: ");
  CHECK(s.did() == words{"start a 3"});
}

TEST_CASE("with on_call a child is up when it calls ready, not when it enters its function",
          "[supervision][unit]") {
  script s;
  s.add({.name = "a", .ready = readiness::on_call});
  s.up("a");
  CHECK(s.told() == words{"a started"});
  CHECK(s.info("a").state == child_state::starting);
  s.up("a");
  CHECK(s.told().empty());
  SECTION("ready") {
    s.call_ready("a");
    CHECK(s.told() == words{"a ready"});
    CHECK(s.info("a").state == child_state::running);
    s.call_ready("a");
    CHECK(s.told().empty());
  }
  SECTION("it ends before") {
    s.end("a", exit_code(3));
    CHECK(s.told() == words{"a start failed: "});
    CHECK_FALSE(s.has("a"));
  }
}

TEST_CASE("a child that is not up within its start_timeout is killed, and that is a failed start",
          "[supervision][unit]") {
  script s;
  s.add({.name = "a", .ready = readiness::on_call, .start_timeout = 3s});
  CHECK(s.next_in() == 3s);
  s.forget();
  s.pass(3s - 1ns);
  CHECK(s.did().empty());
  s.pass(1ns);
  CHECK(s.did() == words{"kill a"});
  CHECK(s.next_in() == std::nullopt);
  SECTION("once it is gone") {
    s.end("a", by_signal(9));
    CHECK(s.told() == words{"a start failed: it was not up within 3000 ms"});
    CHECK_FALSE(s.has("a"));
  }
  SECTION("also when it comes up between the decision and its death") {
    s.up("a");
    s.call_ready("a");
    CHECK(s.info("a").state == child_state::starting);
    s.end("a", by_signal(9));
    CHECK(s.told().back() == "a start failed: it was not up within 3000 ms");
  }
  SECTION("a stop of it does not kill it twice") {
    REQUIRE_FALSE(s.terminate("a"));
    CHECK(s.did().empty());
    s.end("a", by_signal(9));
    CHECK(s.told().back() == "a stopped");
  }
}

TEST_CASE("the cause of a timed out start says so", "[supervision][unit]") {
  script s;
  s.add({.name = "a"});
  s.pass(10s);
  s.end("a", by_signal(9));
  const auto& failed = std::get<events::start_failed>(s.events.back().what);
  CHECK(failed.status.cause == death_cause::start_failure);
  CHECK(failed.status.signal == 9);
}
