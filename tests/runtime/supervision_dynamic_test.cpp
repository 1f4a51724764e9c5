// Many children of one specification.
#include <malloc.h>

#include <algorithm>
#include <ctime>

#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using core::refused;
using words = script::words;

namespace {

script dynamic_with(child_spec spec, supervisor_options options = {}) {
  options.strategy = strategy::dynamic;
  script s{options};
  REQUIRE_FALSE(s.specify(std::move(spec)));
  return s;
}

child_spec job(restart how = restart::permanent) {
  return {.name = "job", .restart = how, .backoff = no_backoff};
}

}  // namespace

TEST_CASE("dynamic children are named by their specification and their id", "[supervision][unit]") {
  auto s = dynamic_with(job());
  CHECK(s.add_dynamic_up() == "job-1");
  CHECK(s.add_dynamic_up() == "job-2");
  CHECK_FALSE(s.terminate("job-2"));
  s.end("job-2", normal_end());
  CHECK(s.add_dynamic_up() == "job-3");  // an id is not used again
  CHECK(s.names() == words{"job-3", "job-1"});
  CHECK(s.machine.info(3)->name == "job-3");
  CHECK_FALSE(s.machine.info(2));
}

TEST_CASE("a dynamic supervisor takes one specification, and others none", "[supervision][unit]") {
  SECTION("no child before it") {
    script s{{.strategy = strategy::dynamic}};
    CHECK(std::get<core::refusal>(s.machine.add_dynamic(s.now)).why == refused::not_found);
  }
  SECTION("a second") { CHECK(dynamic_with(job()).specify({.name = "b"})->field == "name"); }
  SECTION("a bad one, by its field") {
    script s{{.strategy = strategy::dynamic}};
    CHECK(s.specify({.name = "a", .start_timeout = 0s})->field == "start_timeout");
    CHECK(s.specify({.name = "a", .restart = restart::temporary, .significant = true})->field ==
          "significant");
    CHECK_FALSE(s.specify(job()));
  }
  SECTION("a child with one of its own") {
    CHECK(dynamic_with(job()).try_add({.name = "b"})->field == "strategy");
  }
  SECTION("in another strategy") {
    script s;
    CHECK(s.specify(job())->field == "strategy");
  }
}

TEST_CASE("a failure in a dynamic supervisor restarts one child, where its type says so",
          "[supervision][unit]") {
  const auto how = GENERATE(restart::permanent, restart::transient, restart::temporary);
  auto s = dynamic_with(job(how));
  for (int n = 0; n < 3; ++n) s.add_dynamic_up();
  s.crash("job-2");
  if (how == restart::temporary) {
    CHECK(s.did().empty());
    CHECK_FALSE(s.has("job-2"));
  } else {
    CHECK(s.did() == words{"start job-2 2"});
    s.up("job-2");
  }
  CHECK(s.info("job-1").incarnation == 1);
  CHECK(s.info("job-3").incarnation == 1);
}

TEST_CASE("a dynamic child that is not started again is forgotten", "[supervision][unit]") {
  auto s = dynamic_with(job(restart::transient));
  s.add_dynamic_up();
  SECTION("after its normal end") {
    s.end("job-1", normal_end());
    CHECK(s.told() == words{"job-1 exited 0", "job-1 deleted"});
  }
  SECTION("after terminate_child, whatever its type") {
    CHECK_FALSE(s.terminate("job-1"));
    s.end("job-1", normal_end());
    CHECK(s.told() == words{"job-1 exited 0", "job-1 stopped", "job-1 deleted"});
  }
  SECTION("after a start that failed") {
    s.add_dynamic();
    s.fail_start("job-2");
    CHECK_FALSE(s.has("job-2"));
    return;
  }
  CHECK(s.machine.count_children().specifications == 0);
}

TEST_CASE("dynamic children are stopped all at once", "[supervision][unit]") {
  auto s = dynamic_with({.name = "job", .shutdown = 1s});
  for (int n = 0; n < 3; ++n) s.add_dynamic_up();
  CHECK_FALSE(s.terminate("job-2"));
  s.forget();
  s.pass(400ms);
  s.shutdown();
  CHECK(s.did() == words{"stop job-3", "stop job-1"});
  s.pass(600ms);  // the earlier stop keeps its time
  CHECK(s.did() == words{"kill job-2"});
  s.end("job-1", normal_end());
  s.end("job-2", by_signal(9));
  CHECK(s.did().empty());
  s.pass(400ms);
  CHECK(s.did() == words{"kill job-3"});
  s.end("job-3", by_signal(9));
  CHECK(s.did() == words{"ended shutdown"});
}

TEST_CASE("the failures of all dynamic children count together", "[supervision][unit]") {
  auto s = dynamic_with(job(), {.intensity = 2});
  for (int n = 0; n < 3; ++n) s.add_dynamic_up();
  s.crash_and_up("job-1");
  s.crash_and_up("job-2");
  CHECK_FALSE(s.ended);
  s.crash("job-3");
  s.end("job-1", normal_end());
  s.end("job-2", normal_end());
  REQUIRE(s.ended);
  CHECK(*s.ended == end_reason::gave_up);
}

TEST_CASE("the end of the last significant dynamic child ends the supervisor",
          "[supervision][unit]") {
  auto s = dynamic_with({.name = "job", .restart = restart::temporary, .significant = true},
                        {.auto_shutdown = auto_shutdown::all_significant});
  s.add_dynamic_up();
  s.add_dynamic_up();
  s.crash("job-1");
  CHECK_FALSE(s.ended);
  s.crash("job-2");
  CHECK(s.did() == words{"ended auto_shutdown"});
}

// -- ten thousand of them -------------------------------------------------------------------------

namespace {

// Every child starts, comes up, crashes, comes up again; then all end while the supervisor does.
std::size_t live(int children) {
  core::supervision machine{{.strategy = strategy::dynamic, .intensity = unlimited}, "main", [] {
                              return std::uint64_t{0};
                            }};
  core::instant now{1h};
  REQUIRE_FALSE(machine.specify({job(), child_kind::worker}));
  const auto drop = [&] { static_cast<void>(machine.take_commands()); };
  const std::size_t before = ::mallinfo2().uordblks;
  for (int n = 0; n < children; ++n) {
    const auto id = std::get<core::child_id>(machine.add_dynamic(now));
    machine.started(id, 1, 7, now);
    drop();
  }
  const std::size_t bytes = ::mallinfo2().uordblks - before;
  for (int n = 1; n <= children; ++n) {
    const auto id = static_cast<core::child_id>(n);
    machine.exited(id, 1, by_signal(11), now);
    machine.started(id, 2, 7, now);
    drop();
  }
  machine.shutdown(now);
  drop();
  // The oldest first: the one that the supervisor looks for last.
  for (int n = 1; n <= children; ++n) {
    machine.exited(static_cast<core::child_id>(n), 2, normal_end(), now);
    drop();
  }
  REQUIRE(machine.has_ended());
  return bytes;
}

double processor_time_of(int children) {
  double least = 1e9;
  for (int run = 0; run < 3; ++run) {
    const std::clock_t begin = std::clock();
    static_cast<void>(live(children));
    least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return least;
}

}  // namespace

// Linear would be 10 and a little; a cost of an event that grows with the children would be 100.
TEST_CASE("ten thousand dynamic children cost in proportion to their number",
          "[supervision][unit]") {
  const double few = processor_time_of(1000);
  const double many = processor_time_of(10'000);
  CAPTURE(few, many);
  CHECK(many < 40 * few);
}

TEST_CASE("ten thousand dynamic children need memory in proportion to their number",
          "[supervision][unit]") {
  const std::size_t bytes = live(10'000);
  CAPTURE(bytes);
  CHECK(bytes < 10'000 * std::size_t{1024});  // 0 where a sanitizer has its own allocator
}
