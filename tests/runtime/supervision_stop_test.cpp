#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using words = script::words;

TEST_CASE("children stop in exactly the reverse order, one at a time", "[supervision][unit]") {
  script s;
  for (const char* name : {"a", "b", "c"}) s.add_up({.name = name});
  s.shutdown();
  CHECK(s.did() == words{"stop c"});
  s.pass(1s);
  CHECK(s.did().empty());
  s.end("c", normal_end());
  CHECK(s.did() == words{"stop b"});
  s.end("b", exit_code(1));
  CHECK(s.did() == words{"stop a"});
  s.end("a", by_signal(15));
  CHECK(s.did() == words{"ended shutdown"});
  CHECK(s.told() == words{"c exited 0", "c stopped", "b exited 1", "b stopped",
                          "a exited by signal 15", "a stopped"});
  CHECK(*s.ended == end_reason::shutdown);
}

TEST_CASE("each child has its own time to stop", "[supervision][unit]") {
  script s;
  SECTION("a duration: asked, and killed when it has passed") {
    s.add_up({.name = "a", .shutdown = 2s});
    s.shutdown();
    CHECK(s.did() == words{"stop a"});
    s.pass(2s - 1ns);
    CHECK(s.did().empty());
    s.pass(1ns);
    CHECK(s.did() == words{"kill a"});
    CHECK(s.next_in() == std::nullopt);
    s.pass(1h);
    CHECK(s.did().empty());
  }
  SECTION("none given: 5 s") {
    s.add_up({.name = "a"});
    s.shutdown();
    CHECK(s.next_in() == 5s);
    s.pass(5s);
    CHECK(s.did() == words{"stop a", "kill a"});
  }
  SECTION("0: asked, and killed at the next tick") {
    s.add_up({.name = "a", .shutdown = 0s});
    s.shutdown();
    CHECK(s.next_in() == 0s);
    s.pass(0s);
    CHECK(s.did() == words{"stop a", "kill a"});
  }
  SECTION("infinity: asked only") {
    s.add_up({.name = "a", .shutdown = infinity});
    s.shutdown();
    CHECK(s.next_in() == std::nullopt);
    s.pass(24h * 365);
    CHECK(s.did() == words{"stop a"});
  }
  SECTION("none given, a supervisor: infinity") {
    s.add_up({.name = "a"}, child_kind::supervisor);
    s.shutdown();
    s.pass(24h * 365);
    CHECK(s.did() == words{"stop a"});
  }
  SECTION("brutal_kill: killed at once, not asked") {
    s.add_up({.name = "a", .shutdown = brutal_kill});
    s.shutdown();
    CHECK(s.did() == words{"kill a"});
    CHECK(s.next_in() == std::nullopt);
  }
  s.end("a", by_signal(9));
  CHECK(s.did() == words{"ended shutdown"});
}

TEST_CASE("the time of one child begins when its turn comes", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a", .shutdown = 1s});
  s.add_up({.name = "b", .shutdown = 10s});
  s.shutdown();
  s.pass(10s);
  CHECK(s.did() == words{"stop b", "kill b"});
  s.end("b", by_signal(9));
  CHECK(s.did() == words{"stop a"});
  CHECK(s.next_in() == 1s);
}

TEST_CASE("children that end by themselves during a stop neither disturb it nor are restarted",
          "[supervision][unit]") {
  script s{{.intensity = 0}};
  for (const char* name : {"a", "b", "c"}) s.add_up({.name = name});
  s.shutdown();
  s.forget();
  s.crash("a");
  CHECK(s.did().empty());
  CHECK(s.told() == words{"a exited by signal 11", "a stopped"});
  s.crash("c");
  CHECK(s.did() == words{"stop b"});
  s.end("b", normal_end());
  CHECK(s.did() == words{"ended shutdown"});
}

TEST_CASE("a shutdown works at once while children wait or start", "[supervision][unit]") {
  script s{{.intensity = unlimited}};
  s.add_up({.name = "a"});
  s.add_up({.name = "waits"});
  s.crash_and_up("waits");
  s.crash("waits");
  s.add({.name = "starts"});
  s.forget();
  s.shutdown();
  CHECK(s.told() == words{"waits stopped"});
  CHECK(s.did() == words{"stop starts"});
  s.up("starts");
  s.end("starts", normal_end());
  CHECK(s.did() == words{"stop a"});
  s.pass(1s);
  s.end("a", normal_end());
  CHECK(s.did() == words{"ended shutdown"});
}

TEST_CASE("a child that fails to start during a stop is simply gone", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a"});
  s.add({.name = "b"});
  s.add({.name = "c"});
  s.shutdown();
  s.forget();
  s.fail_start("b", "x");
  CHECK(s.did().empty());
  CHECK(s.told() == words{"b start failed: x", "b stopped"});
  s.fail_start("c", "y");
  CHECK(s.did() == words{"stop a"});
}

TEST_CASE("a stop under way when the shutdown comes keeps its time and is waited for",
          "[supervision][unit]") {
  script s;
  s.add_up({.name = "a"});
  s.add_up({.name = "b", .shutdown = 3s});
  REQUIRE_FALSE(s.terminate("b"));
  s.pass(1s);
  s.shutdown();
  CHECK(s.did() == words{"stop b"});
  CHECK(s.next_in() == 2s);
  s.pass(2s);
  s.end("b", by_signal(9));
  CHECK(s.did() == words{"kill b", "stop a"});
}

TEST_CASE("a second shutdown changes nothing", "[supervision][unit]") {
  script s{{.intensity = 0}};
  s.add_up({.name = "a"});
  s.add_up({.name = "b"});
  SECTION("after a first one") { s.shutdown(); }
  SECTION("after it gave up: that stays the reason") { s.crash("b"); }
  s.forget();
  s.shutdown();
  CHECK(s.did().empty());
}

TEST_CASE("a supervisor that gave up says so although it is asked to shut down",
          "[supervision][unit]") {
  script s{{.intensity = 0}};
  s.add_up({.name = "a"});
  s.add_up({.name = "b"});
  s.crash("b");
  s.shutdown();
  s.end("a", normal_end());
  CHECK(s.did() == words{"stop a", "ended gave up"});
}

TEST_CASE("the keeper's death during a stop ends the stop", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a"});
  s.add_up({.name = "b"});
  s.shutdown();
  s.end("a", parent_gone());
  s.end("b", parent_gone());
  CHECK(s.did() == words{"stop b", "ended shutdown"});
}

TEST_CASE("once ended it refuses requests and ignores reports", "[supervision][unit]") {
  script s;
  s.add_up({.name = "a"});
  s.shutdown();
  s.end("a", normal_end());
  REQUIRE(s.machine.has_ended());
  s.forget();
  CHECK(s.try_add({.name = "b"})->why == core::refused::ending);
  CHECK(s.start({{.name = "b"}})->why == core::refused::ending);
  CHECK(s.terminate("a")->why == core::refused::ending);
  CHECK(s.restart("a")->why == core::refused::ending);
  CHECK(s.remove("a")->why == core::refused::ending);
  s.shutdown();
  s.up("a");
  s.crash("a");
  s.pass(1h);
  CHECK(s.did().empty());
  CHECK(s.told().empty());
}
