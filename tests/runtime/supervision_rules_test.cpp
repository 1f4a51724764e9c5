#include "core/supervision/rules.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using core::refused;

namespace {

// What is said against a specification that one change made bad.
std::optional<core::refusal> against_child(const std::function<void(child_spec&)>& change) {
  child_spec spec{.name = "a"};
  change(spec);
  return core::check_child(spec);
}

std::optional<core::refusal> against_supervisor(
    const std::function<void(supervisor_options&)>& change) {
  supervisor_options options;
  change(options);
  return core::check_supervisor(options);
}

void require_refused(const std::optional<core::refusal>& said, refused why,
                     const std::string& field) {
  INFO("field " << field);
  REQUIRE(said);
  CHECK(said->why == why);
  CHECK(said->field == field);
  CHECK(said->text.find(field) != std::string::npos);
}

const double not_a_number = std::nan("");

}  // namespace

TEST_CASE("the defaults are those of the table, and are accepted", "[supervision][unit]") {
  const child_spec spec{.name = "a"};
  CHECK_FALSE(core::check_child(spec));
  CHECK(spec.restart == restart::permanent);
  CHECK(spec.ready == readiness::on_entry);
  CHECK(spec.start_timeout == 10s);
  CHECK(spec.backoff.initial == 10ms);
  CHECK(spec.backoff.factor == 2);
  CHECK(spec.backoff.max == 10s);
  CHECK(spec.backoff.jitter == 0.2);
  CHECK(spec.backoff.reset_after == 30s);
  CHECK(core::rules_of(spec, child_kind::worker).shutdown == shutdown_rule{5s});
  CHECK(core::rules_of(spec, child_kind::supervisor).shutdown == infinity);

  const supervisor_options options;
  CHECK_FALSE(core::check_supervisor(options));
  CHECK(options.strategy == strategy::one_for_one);
  CHECK(options.intensity == restart_limit{5});
  CHECK(options.period == 10s);
}

TEST_CASE("a bad value in a child's specification is refused by the name of its field",
          "[supervision][unit]") {
  const auto bad = [](const char* field, const std::function<void(child_spec&)>& change) {
    require_refused(against_child(change), refused::bad_value, field);
  };
  bad("name", [](auto& s) { s.name = ""; });
  bad("restart", [](auto& s) { s.restart = static_cast<restart>(3); });
  bad("shutdown", [](auto& s) { s.shutdown = -1s; });
  bad("backoff.initial", [](auto& s) { s.backoff.initial = -1ns; });
  bad("backoff.factor", [](auto& s) { s.backoff.factor = 0.5; });
  bad("backoff.factor", [](auto& s) { s.backoff.factor = not_a_number; });
  bad("backoff.factor", [](auto& s) { s.backoff.factor = HUGE_VAL; });
  bad("backoff.max", [](auto& s) { s.backoff.max = 9ms; });
  bad("backoff.jitter", [](auto& s) { s.backoff.jitter = -0.1; });
  bad("backoff.jitter", [](auto& s) { s.backoff.jitter = 1.1; });
  bad("backoff.jitter", [](auto& s) { s.backoff.jitter = not_a_number; });
  bad("backoff.reset_after", [](auto& s) { s.backoff.reset_after = 0s; });
  bad("ready", [](auto& s) { s.ready = static_cast<readiness>(2); });
  bad("start_timeout", [](auto& s) { s.start_timeout = 0s; });
  bad("start_timeout", [](auto& s) { s.start_timeout = -1s; });
  bad("watchdog", [](auto& s) { s.watchdog = 0s; });
  bad("significant", [](auto& s) { s.significant = true; });
  bad("budget.intensity", [](auto& s) { s.budget = restart_budget{.intensity = -1}; });
  bad("budget.period", [](auto& s) { s.budget = restart_budget{.period = 0s}; });
  bad("restart_on.codes", [](auto& s) { s.restart_on.codes = {256}; });
  bad("restart_on.signals", [](auto& s) { s.restart_on.signals = {0}; });
  bad("no_restart_on.codes", [](auto& s) { s.no_restart_on.codes = {-1}; });
  bad("no_restart_on.signals", [](auto& s) { s.no_restart_on.signals = {65}; });
  bad("restart_on.codes", [](auto& s) { s.restart_on = s.no_restart_on = {.codes = {3}}; });
  bad("restart_on.signals", [](auto& s) { s.restart_on = s.no_restart_on = {.signals = {9}}; });
  bad("standby", [](auto& s) { s.standby = 65; });
  bad("standby", [](auto& s) {
    s.restart = restart::temporary;
    s.standby = 1;
  });
  bad("restart_on", [](auto& s) {
    s.restart = restart::temporary;
    s.restart_on.codes = {3};
  });
}

TEST_CASE("a bad value in a supervisor's options is refused by the name of its field",
          "[supervision][unit]") {
  const auto bad = [](const char* field, const std::function<void(supervisor_options&)>& change) {
    require_refused(against_supervisor(change), refused::bad_value, field);
  };
  bad("strategy", [](auto& o) { o.strategy = static_cast<strategy>(4); });
  bad("intensity", [](auto& o) { o.intensity = -1; });
  bad("intensity", [](auto& o) { o.intensity = std::numeric_limits<std::int64_t>::max(); });
  bad("intensity", [](auto& o) { o.intensity = std::numeric_limits<std::uint64_t>::max(); });
  bad("period", [](auto& o) { o.period = 0s; });
  bad("period", [](auto& o) { o.period = -1s; });
  bad("auto_shutdown", [](auto& o) { o.auto_shutdown = static_cast<auto_shutdown>(3); });
  bad("name", [](auto& o) { o.name = ""; });
}

TEST_CASE("a refused child leaves no trace", "[supervision][unit]") {
  script s;
  const auto said = s.try_add({.name = "a", .start_timeout = 0s});
  require_refused(said, refused::bad_value, "start_timeout");
  CHECK(s.did().empty());
  CHECK(s.told().empty());
  CHECK(s.names().empty());
  CHECK_FALSE(s.try_add({.name = "a"}));
}

TEST_CASE("a duration, infinity and brutal_kill are shutdown rules", "[supervision][unit]") {
  const child_spec in_time{.name = "a", .shutdown = 1500ms};
  CHECK(in_time.shutdown.how() == shutdown_rule::kind::within);
  CHECK(in_time.shutdown.time() == 1500ms);
  const child_spec in_fractions{.name = "a", .shutdown = std::chrono::duration<double>{0.25}};
  CHECK(in_fractions.shutdown.time() == 250ms);
  const child_spec never{.name = "a", .shutdown = infinity};
  CHECK(never.shutdown.how() == shutdown_rule::kind::infinity);
  const child_spec at_once{.name = "a", .shutdown = brutal_kill};
  CHECK(at_once.shutdown.how() == shutdown_rule::kind::brutal_kill);
  SECTION("a duration beyond the clock is infinity, not an overflow") {
    CHECK(shutdown_rule{std::chrono::hours::max()} == infinity);
    CHECK(against_child([](auto& s) { s.shutdown = std::chrono::hours::min(); })->field ==
          "shutdown");
  }
}

TEST_CASE("unlimited is an intensity", "[supervision][unit]") {
  const supervisor_options options{.intensity = unlimited};
  CHECK(options.intensity.is_unlimited());
  CHECK_FALSE(core::check_supervisor(options));
  CHECK_FALSE(supervisor_options{.intensity = 3}.intensity.is_unlimited());
}
