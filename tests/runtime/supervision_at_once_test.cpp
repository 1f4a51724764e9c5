// Whether a supervisor starts a child again in the moment in which it ends, said beforehand.
#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;

namespace {

bool at_once(const script& s, const std::string& name, const exit_status& how = by_signal(11)) {
  return s.machine.restarts_at_once(s.id(name), s.incarnation(name), how, s.now);
}

// From when on it does; nothing: that is not to be foreseen.
std::optional<core::instant> from(const script& s, const std::string& name) {
  return s.machine.restarts_at_once_from(s.id(name), s.now);
}

}  // namespace

TEST_CASE("a child that runs is started again at once after its first failure",
          "[supervision][standby][unit]") {
  script s{{.intensity = 10}};
  s.add_up({.name = "a"});
  CHECK(at_once(s, "a"));
  CHECK(at_once(s, "a", normal_end()));
  CHECK(from(s, "a") == s.now);
  s.crash("a");
  CHECK_FALSE(at_once(s, "a"));  // it is being started
  s.up("a");
  SECTION("the second one in a row has a backoff") {
    CHECK_FALSE(at_once(s, "a"));
    CHECK(at_once(s, "a", parent_gone()));
  }
  SECTION("until its health has made that forgotten") {
    CHECK(from(s, "a") == s.now + 30s);
    s.now += 30s;
    CHECK(at_once(s, "a"));
    CHECK(from(s, "a") == s.now);
  }
}

TEST_CASE("what is not started again is not at once", "[supervision][standby][unit]") {
  script s{{.intensity = 10}};
  s.add_up({.name = "a", .restart = restart::transient, .no_restart_on = {.signals = {9}}});
  s.add_up({.name = "t", .restart = restart::temporary});
  CHECK(at_once(s, "a"));
  CHECK_FALSE(at_once(s, "a", normal_end()));
  CHECK_FALSE(at_once(s, "a", by_signal(9)));
  CHECK_FALSE(at_once(s, "t"));
  CHECK_FALSE(from(s, "t"));
  SECTION("nor one that is asked to stop") {
    REQUIRE_FALSE(s.terminate("a"));
    CHECK_FALSE(at_once(s, "a"));
    CHECK_FALSE(from(s, "a"));
  }
  SECTION("nor any of a supervisor that ends") {
    s.shutdown();
    CHECK_FALSE(at_once(s, "a"));
  }
}

TEST_CASE("a supervisor that can bear no more promises nothing", "[supervision][standby][unit]") {
  script s{{.intensity = 2, .period = 10s}};
  s.add_up({.name = "a", .backoff = {.initial = 0ns}});
  s.add_up({.name = "b", .backoff = {.initial = 0ns}});
  CHECK(s.machine.failures_left(s.now) == 2);
  s.crash_and_up("a");
  CHECK(s.machine.failures_left(s.now) == 1);
  CHECK(at_once(s, "b"));
  s.now += 1s;
  s.crash_and_up("b");
  CHECK(s.machine.failures_left(s.now) == 0);
  CHECK_FALSE(at_once(s, "a"));
  CHECK(from(s, "a") == s.now + 9s + 1ns);
  s.now += 9s + 1ns;
  CHECK(at_once(s, "a"));
}

TEST_CASE("a child's own budget counts as well", "[supervision][standby][unit]") {
  script s{{.intensity = 10}};
  s.add_up({.name = "a",
            .backoff = {.initial = 0ns},
            .budget = restart_budget{.intensity = 1, .period = 1min}});
  CHECK(at_once(s, "a"));
  s.crash_and_up("a");
  CHECK_FALSE(at_once(s, "a"));
  CHECK(from(s, "a") == s.now + 1min + 1ns);
}

TEST_CASE("in a group others are stopped first", "[supervision][standby][unit]") {
  for (const strategy how : {strategy::one_for_all, strategy::rest_for_one}) {
    script s{{.strategy = how, .intensity = 10}};
    s.add_up({.name = "a"});
    CHECK_FALSE(at_once(s, "a"));
    CHECK_FALSE(from(s, "a"));
  }
}

TEST_CASE("a promise is kept: the next command is the start", "[supervision][standby][unit]") {
  script s{{.intensity = 10}};
  s.add_up({.name = "a"});
  REQUIRE(at_once(s, "a"));
  s.crash("a");
  CHECK(s.did() == script::words{"start a 2"});
}
