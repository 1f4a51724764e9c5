// A typed event-based actor in this process, and the same in a process of its own, in turn within
// every round: millions of one-way messages a second (one int, from a plain thread), and the median
// of a round trip in microseconds, asked by an event-based actor. Prints one JSON object a round.
//     bench_actors [--rounds N] [--count N]
#include <algorithm>
#include <atomic>
#include <bulkhead/actors/spawn_process.hpp>
#include <bulkhead/init.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "common/number_after.hpp"
#include "ours/both_systems.hpp"

namespace {

using clock_type = std::chrono::steady_clock;
using count_atom = caf::atom_constant<caf::atom("count")>;
using counter = caf::typed_actor<caf::reacts_to<int>, caf::replies_to<count_atom>::with<int>>;

counter::behavior_type count_them(counter::pointer) {
  const auto count = std::make_shared<int>(0);
  return {[count](int) { ++*count; }, [count](count_atom) { return std::exchange(*count, 0); }};
}

double one_way(caf::actor_system& system, const counter& to, int count) {
  caf::scoped_actor self(system);
  const auto begun = clock_type::now();
  for (int n = 0; n < count; ++n) caf::anon_send(to, n);
  int got = -1;
  self->request(to, caf::infinite, count_atom::value)
      .receive([&](int all) { got = all; }, [](const caf::error&) {});
  const std::chrono::duration<double, std::micro> took = clock_type::now() - begun;
  if (got != count) {
    std::fprintf(stderr, "%d of %d messages arrived\n", got, count);
    std::exit(1);
  }
  return count / took.count();
}

double round_trip(caf::actor_system& system, const counter& to, int count) {
  std::vector<std::int64_t> all;
  std::atomic<bool> over{false};
  system.spawn([&, to](caf::event_based_actor* self) {
    const auto next = std::make_shared<std::function<void()>>();
    *next = [&, self, to, next] {
      const auto begun = clock_type::now();
      self->request(to, caf::infinite, count_atom::value).then([&, begun, next](int) {
        all.push_back((clock_type::now() - begun).count());
        if (static_cast<int>(all.size()) < count) return (*next)();
        *next = nullptr;
        over = true;
      });
    };
    (*next)();
  });
  while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::nth_element(all.begin(), all.begin() + count / 2, all.end());
  return static_cast<double>(all[static_cast<std::size_t>(count / 2)]) / 1000.0;
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  const int rounds = bench::number_after(argc, argv, "--rounds", 7);
  const int count = bench::number_after(argc, argv, "--count", 200'000);
  bench::both_systems systems;
  const counter local = systems.caf.spawn(count_them);
  const counter remote = bulkhead::actors::spawn_process<counter>(systems.ours, {}, count_them);
  for (int round = 0; round < rounds; ++round) {
    const double caf_way = one_way(systems.caf, local, count);
    const double our_way = one_way(systems.ours.caf(), remote, count);
    const double caf_trip = round_trip(systems.caf, local, count / 4);
    const double our_trip = round_trip(systems.ours.caf(), remote, count / 4);
    std::printf("{\"caf_way\": %.2f, \"our_way\": %.2f, \"caf_trip\": %.3f, \"our_trip\": %.3f}\n",
                caf_way, our_way, caf_trip, our_trip);
    std::fflush(stdout);
  }
  std::fflush(nullptr);
  std::_Exit(0);
}
