// Section 2 of the supervision page, the supervisor: a row a rule.
#include "runtime/supervision_table.hpp"

using namespace bulkhead_test;
using row = supervision_rule;

namespace {

child_spec child(std::string name, restart how = restart::permanent) {
  return {.name = std::move(name), .restart = how, .backoff = no_backoff};
}
child_spec significant(std::string name) {
  return {.name = std::move(name), .restart = restart::transient, .significant = true};
}
const std::vector<child_spec> three{child("a"), child("b"), child("c")};

supervisor_options by(strategy how) { return {.strategy = how}; }
supervisor_options bearing(restart_limit intensity) {
  return {.intensity = intensity, .period = 10s};
}
supervisor_options ending(auto_shutdown how) { return {.auto_shutdown = how}; }

void end_in_turn(script& s, std::initializer_list<const char*> names) {
  for (const char* name : names) s.end(name, normal_end());
}

std::vector<row> of_order() {
  return {
      {"starts in the order given, each once the one before it is up",
       {},
       {},
       [](script& s) {
         CHECK_FALSE(s.start(three));
         s.up("a");
         s.up("b");
         s.up("c");
       },
       {"start a 1", "start b 1", "start c 1", "all started"}},
      {"stops in exactly the reverse order, one at a time",
       {},
       three,
       [](script& s) {
         s.shutdown();
         end_in_turn(s, {"c", "b", "a"});
       },
       {"stop c", "stop b", "stop a", "ended shutdown"}},
      {"each has its own time to stop, from its turn on",
       {},
       {{.name = "a", .shutdown = 3s}, {.name = "b", .shutdown = 2s}},
       [](script& s) {
         s.shutdown();
         s.pass(2s);
         s.end("b", by_signal(9));
         s.pass(2999ms);
         s.pass(1ms);
       },
       {"stop b", "kill b", "stop a", "kill a"}},
      {"dynamic children are stopped all at once",
       by(strategy::dynamic),
       {},
       [](script& s) {
         CHECK_FALSE(s.specify(child("w")));
         for (int n = 0; n < 3; ++n) s.add_dynamic_up();
         s.shutdown();
       },
       {"stop w-3", "stop w-2", "stop w-1"}},
      {"children that end by themselves during a stop are not restarted",
       {},
       three,
       [](script& s) {
         s.shutdown();
         s.crash("a");
         end_in_turn(s, {"c", "b"});
       },
       {"stop c", "stop b", "ended shutdown"}},
  };
}

std::vector<row> of_failing_starts() {
  return {
      {"at supervisor start: those up are stopped in reverse and the start fails",
       {},
       {},
       [](script& s) {
         CHECK_FALSE(s.start(three));
         s.up("a");
         s.up("b");
         s.fail_start("c");
         end_in_turn(s, {"b", "a"});
         REQUIRE(s.ended);
         CHECK(s.ended->child == "c");
         CHECK(s.ended->status.text == "no such file");
       },
       {"start a 1", "start b 1", "start c 1", "stop b", "stop a", "ended start failed of c"}},
      {"at start_child: nothing is kept",
       {},
       {child("a")},
       [](script& s) {
         s.add(child("b"));
         s.fail_start("b");
         CHECK_FALSE(s.has("b"));
       },
       {"start b 1"},
       {"b start failed: no such file"}},
      {"at a restart: another failure of that child",
       bearing(1),
       {child("a")},
       [](script& s) {
         s.crash("a");
         s.fail_start("a");
       },
       {"start a 2", "ended gave up"},
       {"a exited by signal 11", "a restarting 1 in 0 ms", "a restart failed: no such file",
        "a gave up after 2"}},
      {"of a group by one_for_all: those that came up are stopped, and it begins again",
       by(strategy::one_for_all),
       three,
       [](script& s) {
         s.crash("c");
         end_in_turn(s, {"b", "a"});
         s.up("a");
         s.forget();
         s.fail_start("b");
         s.end("a", normal_end());
       },
       {"stop a", "start a 3"}},
      {"of a group by rest_for_one: it goes on from that child, the earlier ones are left alone",
       by(strategy::rest_for_one),
       three,
       [](script& s) {
         s.crash("a");
         end_in_turn(s, {"c", "b"});
         s.up("a");
         s.forget();
         s.fail_start("b");
       },
       {"start b 3"}},
  };
}

std::vector<row> of_strategies() {
  return {
      {"one_for_one restarts only the one that failed",
       by(strategy::one_for_one),
       three,
       [](script& s) { s.crash("b"); },
       {"start b 2"}},
      {"one_for_all stops the rest in reverse and starts all in order",
       by(strategy::one_for_all),
       three,
       [](script& s) {
         s.crash("b");
         end_in_turn(s, {"c", "a"});
         s.up("a");
         s.up("b");
         s.up("c");
       },
       {"stop c", "stop a", "start a 2", "start b 2", "start c 2"}},
      {"rest_for_one restarts the one that failed and those after it",
       by(strategy::rest_for_one),
       three,
       [](script& s) {
         s.crash("b");
         s.end("c", normal_end());
         s.up("b");
         s.up("c");
       },
       {"stop c", "start b 2", "start c 2"}},
      {"dynamic restarts only the one that failed",
       by(strategy::dynamic),
       {},
       [](script& s) {
         CHECK_FALSE(s.specify(child("w")));
         s.add_dynamic_up();
         s.add_dynamic_up();
         s.crash("w-1");
       },
       {"start w-1 2"}},
  };
}

std::vector<row> of_siblings() {
  return {
      {"stopped because of a sibling: not counted",
       {.strategy = strategy::one_for_all, .intensity = 1},
       three,
       [](script& s) {
         s.crash("a");
         s.crash("c");
         s.crash("b");
       },
       {"stop c", "stop b", "start a 2"}},
      {"stopped because of a sibling: temporary children are not started again",
       by(strategy::one_for_all),
       {child("a"), child("t", restart::temporary)},
       [](script& s) {
         s.crash("a");
         s.forget();
         s.end("t", normal_end());
         s.up("a");
       },
       {"start a 2"},
       {"t exited 0", "t stopped", "t deleted", "a started", "a ready"}},
      {"stopped because of a sibling: significant ones do not end the supervisor",
       {.strategy = strategy::one_for_all, .auto_shutdown = auto_shutdown::any_significant},
       {child("a"), significant("s")},
       [](script& s) {
         s.crash("a");
         s.end("s", normal_end());
       },
       {"stop s", "start a 2"}},
      {"the keeper's death restarts each one's child, uncounted",
       bearing(0),
       {child("a")},
       [](script& s) { s.end("a", parent_gone()); },
       {"start a 2"}},
      {"the keeper's death restarts a group in its order, uncounted",
       {.strategy = strategy::rest_for_one, .intensity = 0},
       three,
       [](script& s) {
         for (const char* name : {"a", "b", "c"}) s.end(name, parent_gone());
         s.forget();
         s.up("a");
         s.up("b");
       },
       {"start b 2", "start c 2"}},
  };
}

std::vector<row> of_intensity() {
  return {
      {"intensity failures in the period are borne, one more ends the supervisor",
       bearing(2),
       {child("a"), child("b")},
       [](script& s) {
         s.crash_and_up("a");
         s.crash_and_up("a");
         s.forget();
         s.crash("a");
         s.end("b", normal_end());
         CHECK(s.ended->history.size() == 3);
       },
       {"stop b", "ended gave up"}},
      {"failures spaced wider than the window never trip it",
       bearing(1),
       {child("a")},
       [](script& s) {
         for (int n = 0; n < 5; ++n) {
           s.crash_and_up("a");
           s.pass(10s + 1ns);
         }
         CHECK_FALSE(s.ended);
       },
       {"start a 2", "start a 3", "start a 4", "start a 5", "start a 6"}},
      {"unlimited switches it off",
       bearing(unlimited),
       {child("a")},
       [](script& s) {
         for (int n = 0; n < 99; ++n) s.crash_and_up("a");
         s.forget();
         s.crash("a");
       },
       {"start a 101"}},
      {"time in a backoff is not time in the window",
       bearing(2),
       {{.name = "a", .backoff = {.initial = 60s, .max = 60s, .jitter = 0}}},
       [](script& s) {
         s.crash_and_up("a");
         s.crash("a");
         s.pass(60s);
         s.fail_start("a");
       },
       {"start a 2", "start a 3", "ended gave up"}},
      {"it counts restarts of the group, not of each child in it",
       {.strategy = strategy::one_for_all, .intensity = 1},
       three,
       [](script& s) {
         s.crash("a");
         end_in_turn(s, {"c", "b"});
         s.up("a");
         s.up("b");
         s.up("c");
         CHECK_FALSE(s.ended);
       },
       {"stop c", "stop b", "start a 2", "start b 2", "start c 2"}},
  };
}

std::vector<row> of_auto_shutdown() {
  return {
      {"any_significant: the first of them to end normally ends the supervisor",
       ending(auto_shutdown::any_significant),
       {significant("a"), significant("b")},
       [](script& s) {
         end_in_turn(s, {"a", "b"});
       },
       {"stop b", "ended auto_shutdown"}},
      {"all_significant: the last of them does",
       ending(auto_shutdown::all_significant),
       {significant("a"), significant("b")},
       [](script& s) {
         end_in_turn(s, {"a", "b"});
       },
       {"ended auto_shutdown"}},
      {"an end that is followed by a restart does not",
       ending(auto_shutdown::any_significant),
       {significant("a")},
       [](script& s) { s.crash("a"); },
       {"start a 2"}},
      {"one that was terminated by name does not",
       ending(auto_shutdown::any_significant),
       {significant("a")},
       [](script& s) {
         CHECK_FALSE(s.terminate("a"));
         s.end("a", normal_end());
       },
       {"stop a"},
       {"a exited 0", "a stopped"}},
  };
}

std::vector<row> of_administration() {
  return {
      {"terminate_child keeps the specification, so that restart_child works",
       {},
       {child("a")},
       [](script& s) {
         CHECK_FALSE(s.terminate("a"));
         s.end("a", normal_end());
         CHECK_FALSE(s.restart("a"));
       },
       {"stop a", "start a 2"}},
      {"delete_child refuses while it runs",
       {},
       {child("a")},
       [](script& s) { CHECK(s.remove("a")->why == core::refused::already_running); },
       {}},
      {"a name that is taken is refused",
       {},
       {child("a")},
       [](script& s) { CHECK(s.try_add(child("a"))->field == "name"); },
       {}},
      {"while it waits it is listed as restarting, with its next attempt",
       {},
       {{.name = "a", .backoff = {.initial = 1s, .jitter = 0}}},
       [](script& s) {
         s.crash_and_up("a");
         s.crash("a");
         CHECK(s.info("a").state == child_state::restarting);
         CHECK(s.info("a").next_attempt == s.now + 1s);
         CHECK(s.restart("a")->why == core::refused::restarting);
         CHECK(s.remove("a")->why == core::refused::restarting);
         CHECK_FALSE(s.terminate("a"));
         s.pass(1s);
       },
       {"start a 2"}},
      {"which_children lists the newest first, and count_children agrees",
       {},
       three,
       [](script& s) {
         s.add_up({.name = "s"}, child_kind::supervisor);
         s.crash("b");
         CHECK(s.names() == script::words{"s", "c", "b", "a"});
         CHECK(s.machine.count_children() == child_count{4, 3, 1, 3, 1});
       },
       {"start b 2"}},
  };
}

void check_all(const char* topic, const std::vector<row>& rows) {
  for (const row& each : rows) {
    DYNAMIC_SECTION(topic << ": " << each.says) { check(each); }
  }
}

}  // namespace

TEST_CASE("every rule of a supervisor holds", "[supervision][unit]") {
  check_all("order", of_order());
  check_all("a start that fails", of_failing_starts());
  check_all("strategy", of_strategies());
  check_all("sibling", of_siblings());
  check_all("intensity", of_intensity());
  check_all("auto_shutdown", of_auto_shutdown());
  check_all("administration", of_administration());
}
