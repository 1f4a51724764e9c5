// Watchdogs over the death of the keeper, who is the one that watches.
#include <atomic>
#include <thread>

#include "process/succession/keepers.hpp"
#include "process/supervisors/watchdog_support.hpp"

using namespace bulkhead_test;
using bulkhead::death_cause;
using bulkhead::queue;
using bulkhead::supervisor;
namespace events = bulkhead::events;
namespace this_process = bulkhead::this_process;

namespace {

void hang_from_the_second_on(hellos said) {
  say_hello(said);
  if (this_process::incarnation() == 2) spin();
  while (!this_process::stop_requested()) this_process::heartbeat();
}

void hang_with_lease(queue<int> jobs) {
  std::signal(SIGABRT, SIG_IGN);
  const auto job = jobs.take();
  spin();
}

}  // namespace

TEST_CASE("the next keeper watches as well", "[process][succession][watchdog][crash]") {
  bulkhead::runtime rt;
  hellos said{rt};
  end_log log;
  supervisor sup{rt, {.intensity = 1}};
  log.listen_to(sup);
  sup.start({.name = "worker", .watchdog = watched_patience}, hang_from_the_second_on, said);
  CHECK(heard(said).incarnation == 1);
  REQUIRE(kill_keeper() != 0);
  CHECK(heard(said).incarnation == 2);
  CHECK(heard(said).incarnation == 3);
  REQUIRE(eventually([&] { return log.ends().size() == 2; }));
  CHECK(log.ends()[0].cause == death_cause::parent_gone);
  CHECK(log.ends()[1].cause == death_cause::watchdog);
}

TEST_CASE("a hang that a keeper has told of is one for the next keeper too",
          "[process][succession][watchdog][crash]") {
  bulkhead::runtime rt;
  queue<int> jobs{rt, {.max_attempts = 1}};
  jobs.send(7);
  end_log log;
  supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  log.listen_to(sup);
  sup.start({.name = "worker", .backoff = {.initial = 1s}, .watchdog = watched_patience},
            hang_with_lease, jobs);
  // It ignores SIGABRT, and has a second to live.
  REQUIRE(eventually([&] { return log.hangs() != 0; }));
  REQUIRE(kill_keeper() != 0);
  CHECK(log.first().cause == death_cause::watchdog);
  const auto letter = jobs.dead_letters().receive_for(soon);
  REQUIRE(letter);
  REQUIRE(letter->reasons.size() == 1);
  CHECK(letter->reasons.front().cause == death_cause::watchdog);
}
