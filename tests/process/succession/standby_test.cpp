// Spares over the death of the keeper, with which they end.
#include "process/succession/keepers.hpp"
#include "process/supervisors/standby_support.hpp"

using namespace bulkhead_test;
using bulkhead::queue;
using bulkhead::supervisor;
namespace events = bulkhead::events;

TEST_CASE("spares end with the keeper, and the next one has new ones",
          "[process][succession][standby][crash]") {
  bulkhead::runtime rt;
  prepared_hellos said{rt};
  event_log log;
  supervisor sup{rt, {.intensity = 0}};
  log.listen_to(sup);
  auto worker =
      sup.start({.name = "worker", .standby = 2, .prepare = prepare}, serve_prepared, said);
  for (std::uint64_t n = 1; n <= 4; ++n) {
    const auto now = heard(said);
    CHECK(now.incarnation == n);
    CHECK(now.prepared_as == static_cast<int>(n));
    REQUIRE(eventually([&] { return worker.incarnation() == n; }));
    REQUIRE(has_standbys(sup, "worker", 2));
    const auto all = processes_named("worker", keeper_now());
    CHECK(all.size() == 3);
    REQUIRE(kill_keeper() != 0);
    for (const auto pid : all) CHECK(eventually([&] { return !runs(pid); }));
  }
  CHECK(heard(said).incarnation == 5);
  REQUIRE(has_standbys(sup, "worker", 2));
  CHECK(log.of<events::standby_ended>().empty());
  CHECK(log.of<events::standby_promoted>().empty());
  CHECK_FALSE(sup.ended());
}

TEST_CASE("a keeper that is killed about a promotion loses nothing",
          "[process][succession][standby][crash]") {
  bulkhead::runtime rt;
  queue<int> jobs{rt};
  queue<int> done{rt};
  supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  auto worker = sup.start(
      {.name = "worker", .backoff = bulkhead::no_backoff, .standby = 1},
      [](queue<int> from, queue<int> to) {
        for (auto& one : from.deliveries()) one.forward(to, *one);
      },
      jobs, done);
  for (int n = 0; n < 20; ++n) {
    REQUIRE(has_standbys(sup, "worker"));
    worker.kill();
    ::usleep(static_cast<unsigned>(n) * 40);
    REQUIRE(kill_keeper() != 0);
    jobs.send(n);
    CHECK(done.receive_for(soon) == n);
    REQUIRE(eventually([&] { return worker.running(); }));
  }
  CHECK_FALSE(done.try_receive());
}
