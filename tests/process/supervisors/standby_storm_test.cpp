// Children and their spares, killed at random moments under load: every message is counted.
#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "process/supervisors/standby_support.hpp"
#include "process/supervisors/watchdog_support.hpp"

using namespace bulkhead_test;
using bulkhead::queue;
using bulkhead::supervisor;
namespace events = bulkhead::events;

namespace {

constexpr int items = 60'000;

void count_up(queue<int> to) {
  for (auto n = static_cast<int>(to.sent()); n < items; ++n) to.send(n);
}
void pass_on(queue<int> from, queue<int> to) {
  for (auto& one : from.deliveries()) one.forward(to, *one);
}

// The stages of a pipeline, each with spares.
struct pipeline {
  pipeline() {
    log.listen_to(sup);
    bulkhead::child_spec spec{.name = "source",
                              .restart = bulkhead::restart::transient,
                              .backoff = bulkhead::no_backoff,
                              .standby = 1};
    all.push_back(sup.start(spec, count_up, in));
    for (const char* name : {"stage1", "stage2"}) {
      spec.name = name;
      spec.standby = 2;
      spec.prepare = prepare;
      all.push_back(sup.start(spec, pass_on, in, out));
    }
  }

  bulkhead::runtime rt;
  queue<int> in{rt, {.capacity = 256, .max_attempts = 1}};
  queue<int> out{rt, {.capacity = 256}};
  event_log log;
  supervisor sup{rt, bears_all};
  std::vector<bulkhead::process> all;
};

// Of all processes of one name, spares and not, one at random.
void kill_any(pipeline& p, std::mt19937& random) {
  const auto& who = p.all[random() % p.all.size()];
  const auto keeper = parent_of(who.id());
  const auto victims = processes_named(who.name(), keeper);
  if (who.id() != 0 && keeper > 1 && !victims.empty()) {
    ::kill(victims[random() % victims.size()], SIGKILL);
  }
}

}  // namespace

TEST_CASE("a pipeline counts exactly while children and spares are killed",
          "[supervisor][standby][crash]") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  pipeline p;
  std::atomic<bool> over = false;
  std::thread killer([&] {
    while (!over) {
      ::usleep(500 + random() % 4000);
      kill_any(p, random);
    }
  });
  std::vector<int> seen(items);
  for (int n = 0; n < items; ++n) {
    const auto one = p.out.receive_for(soon);
    if (!one) break;
    ++seen[static_cast<std::size_t>(*one)];
  }
  // The items may be through before any spare was ready.
  const bool promoted = eventually([&] { return !p.log.of<events::standby_promoted>().empty(); });
  over = true;
  killer.join();
  CHECK(promoted);
  CHECK(std::count(seen.begin(), seen.end(), 1) == items);
  CHECK_FALSE(p.sup.ended());
  p.sup.shutdown();
}

TEST_CASE("one that hangs is followed by a spare, which is watched as well",
          "[supervisor][standby][watchdog][crash]") {
  bulkhead::runtime rt;
  prepared_hellos said{rt};
  event_log log;
  supervisor sup{rt, bears_all};
  log.listen_to(sup);
  sup.start(
      {.name = "worker",
       .backoff = bulkhead::no_backoff,
       .watchdog = watched_patience,
       .standby = 1,
       .prepare = prepare},
      [](prepared_hellos to) {
        say_prepared(to);
        if (bulkhead::this_process::incarnation() <= 2) spin();
        while (!bulkhead::this_process::stop_requested()) bulkhead::this_process::heartbeat();
      },
      said);
  CHECK(heard(said).incarnation == 1);
  CHECK(heard(said).incarnation == 2);
  const auto third = heard(said);
  CHECK(third.incarnation == 3);
  CHECK(third.prepared_as == 0);
  CHECK(log.of<events::hung>().size() == 2);
  // What waits to be promoted is watched by nobody.
  let_patience_pass(rt, 3);
  CHECK(log.of<events::standby_ended>().empty());
}

TEST_CASE("where the host decides a spare is the next incarnation too",
          "[supervisor][standby][crash]") {
  bulkhead::runtime rt;
  prepared_hellos said{rt};
  supervisor sup{rt, {.strategy = bulkhead::strategy::one_for_all, .intensity = 10}};
  auto one = sup.start({.name = "one", .standby = 1, .prepare = prepare}, serve_prepared, said);
  sup.start({.name = "two", .standby = 1, .prepare = prepare}, serve_prepared, said);
  heard(said);
  heard(said);
  REQUIRE(has_standbys(sup, "one"));
  REQUIRE(has_standbys(sup, "two"));
  one.kill();
  for (int n = 0; n < 2; ++n) {
    const auto again = heard(said);
    CHECK(again.incarnation == 2);
    CHECK(again.prepared_as == 0);
  }
}
