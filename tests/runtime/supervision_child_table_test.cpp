// Section 1 of the supervision page, the child's specification: a row a rule.
#include "runtime/supervision_table.hpp"

using namespace bulkhead_test;
using row = supervision_rule;

namespace {

child_spec child(std::string name, restart how = restart::permanent) {
  return {.name = std::move(name), .restart = how, .backoff = no_backoff};
}
child_spec stopped_by(shutdown_rule how) { return {.name = "a", .shutdown = how}; }
child_spec backing_off(backoff_options how) { return {.name = "a", .backoff = how}; }
child_spec with_budget(restart_budget budget) {
  return {.name = "a", .backoff = no_backoff, .budget = budget};
}
const supervisor_options endless{.intensity = unlimited};

std::vector<row> of_restart() {
  return {
      {"permanent: restarted after a normal end",
       {},
       {child("a")},
       [](script& s) { s.end("a", normal_end()); },
       {"start a 2"},
       {"a exited 0", "a restarting 1 in 0 ms"}},
      {"permanent: restarted after an abnormal end",
       {},
       {child("a")},
       [](script& s) { s.crash("a"); },
       {"start a 2"},
       {"a exited by signal 11", "a restarting 1 in 0 ms"}},
      {"transient: left alone after a normal end",
       {},
       {child("a", restart::transient)},
       [](script& s) { s.end("a", normal_end()); },
       {},
       {"a exited 0"}},
      {"transient: restarted after an exit code",
       {},
       {child("a", restart::transient)},
       [](script& s) { s.end("a", exit_code(1)); },
       {"start a 2"}},
      {"transient: restarted after process::kill(), an end from outside",
       {},
       {child("a", restart::transient)},
       [](script& s) { s.end("a", ended_by(death_cause::stopped, -1, 9)); },
       {"start a 2"}},
      {"temporary: never restarted, and its specification is forgotten",
       {},
       {child("a", restart::temporary)},
       [](script& s) { s.crash("a"); },
       {},
       {"a exited by signal 11", "a deleted"}},
      {"no_restart_on forbids a restart",
       {},
       {{.name = "a", .no_restart_on = {.codes = {3}}}},
       [](script& s) { s.end("a", exit_code(3)); },
       {},
       {"a exited 3"}},
      {"restart_on forces a restart",
       {},
       {{.name = "a", .restart = restart::transient, .restart_on = {.codes = {0}}}},
       [](script& s) { s.end("a", normal_end()); },
       {"start a 2"}},
  };
}

std::vector<row> of_shutdown() {
  return {
      {"a duration: asked, and killed when it has passed",
       {},
       {stopped_by(2s)},
       [](script& s) {
         s.shutdown();
         s.pass(1999ms);
         s.pass(1ms);
       },
       {"stop a", "kill a"}},
      {"none given: 5 s",
       {},
       {stopped_by({})},
       [](script& s) {
         s.shutdown();
         s.pass(4999ms);
         s.pass(1ms);
       },
       {"stop a", "kill a"}},
      {"infinity: asked only",
       {},
       {stopped_by(infinity)},
       [](script& s) {
         s.shutdown();
         s.pass(240h);
       },
       {"stop a"}},
      {"none given, a supervisor: infinity",
       {},
       {},
       [](script& s) {
         s.add_up({.name = "a"}, child_kind::supervisor);
         s.shutdown();
         s.pass(240h);
       },
       {"stop a"}},
      {"brutal_kill: killed without being asked",
       {},
       {stopped_by(brutal_kill)},
       [](script& s) { s.shutdown(); },
       {"kill a"}},
  };
}

std::vector<row> of_backoff() {
  return {
      {"none before the first restart, then 10 ms, doubled",
       endless,
       {backing_off({.jitter = 0})},
       [](script& s) {
         for (int n = 0; n < 3; ++n) {
           s.crash_and_up("a");
           s.pass(1s);
           s.up("a");
         }
       },
       {"start a 2", "start a 3", "start a 4"},
       {"a exited by signal 11", "a restarting 1 in 0 ms", "a started", "a ready",
        "a exited by signal 11", "a restarting 2 in 10 ms", "a started", "a ready",
        "a exited by signal 11", "a restarting 3 in 20 ms", "a started", "a ready"}},
      {"at most max",
       endless,
       {backing_off({.max = 15ms, .jitter = 0})},
       [](script& s) {
         s.crash_and_up("a");
         s.crash("a");
         s.pass(15ms);
         s.up("a");
         s.forget();
         s.crash("a");
       },
       {},
       {"a exited by signal 11", "a restarting 3 in 15 ms"}},
      {"reset_after in health forgets past failures",
       endless,
       {backing_off({.reset_after = 30s})},
       [](script& s) {
         s.crash_and_up("a");
         s.pass(30s);
         s.forget();
         s.crash("a");
       },
       {"start a 3"},
       {"a exited by signal 11", "a restarting 1 in 0 ms"}},
  };
}

std::vector<row> of_budget() {
  return {
      {"a child's own budget ends the supervisor where its intensity would not",
       endless,
       {with_budget({.intensity = 1, .period = 10s})},
       [](script& s) {
         s.crash_and_up("a");
         s.forget();
         s.crash("a");
       },
       {"ended gave up"},
       {"a exited by signal 11", "a gave up after 2"}},
      {"another child's failures are not in it",
       endless,
       {with_budget({.intensity = 1, .period = 10s}), child("b")},
       [](script& s) {
         s.crash_and_up("b");
         s.crash_and_up("a");
         s.forget();
         s.crash("b");
       },
       {"start b 3"}},
  };
}

std::vector<row> of_readiness() {
  return {
      {"on_entry: up when it enters its function",
       {},
       {},
       [](script& s) {
         s.add(child("a"));
         s.up("a");
       },
       {"start a 1"},
       {"a started", "a ready"}},
      {"on_call: up when it calls ready()",
       {},
       {},
       [](script& s) {
         s.add({.name = "a", .ready = readiness::on_call});
         s.up("a");
         s.forget();
         s.call_ready("a");
       },
       {},
       {"a ready"}},
      {"start_timeout: killed when it is not up in time, which is a failed start",
       {},
       {},
       [](script& s) {
         s.add({.name = "a", .start_timeout = 1s});
         s.pass(1s);
         s.end("a", by_signal(9));
       },
       {"start a 1", "kill a"},
       {"a start failed: it was not up within 1000 ms"}},
  };
}

struct bad_value {
  const char* field;
  child_spec spec;
};
std::vector<bad_value> refused_fields() {
  return {
      {"name", {}},
      {"shutdown", {.name = "a", .shutdown = -1s}},
      {"significant", {.name = "a", .significant = true}},
      {"backoff.initial", {.name = "a", .backoff = {.initial = -1ns}}},
      {"backoff.factor", {.name = "a", .backoff = {.factor = 0.5}}},
      {"backoff.max", {.name = "a", .backoff = {.initial = 2s, .max = 1s}}},
      {"backoff.jitter", {.name = "a", .backoff = {.jitter = 1.5}}},
      {"backoff.reset_after", {.name = "a", .backoff = {.reset_after = 0s}}},
      {"budget.period", {.name = "a", .budget = restart_budget{.period = 0s}}},
      {"start_timeout", {.name = "a", .start_timeout = 0s}},
      {"watchdog", {.name = "a", .watchdog = 0s}},
      {"restart_on.codes", {.name = "a", .restart_on = {.codes = {256}}}},
      {"no_restart_on.signals", {.name = "a", .no_restart_on = {.signals = {65}}}},
  };
}

void check_all(const char* topic, const std::vector<row>& rows) {
  for (const row& each : rows) {
    DYNAMIC_SECTION(topic << ": " << each.says) { check(each); }
  }
}

}  // namespace

TEST_CASE("every rule of a child's specification holds", "[supervision][unit]") {
  check_all("restart", of_restart());
  check_all("shutdown", of_shutdown());
  check_all("backoff", of_backoff());
  check_all("budget", of_budget());
  check_all("ready", of_readiness());
  for (const bad_value& each : refused_fields()) {
    DYNAMIC_SECTION("a bad value is refused at once by its field's name: " << each.field) {
      script s;
      const auto refused = s.try_add(each.spec);
      REQUIRE(refused);
      CHECK(refused->field == each.field);
      CHECK(s.did().empty());
    }
  }
}
