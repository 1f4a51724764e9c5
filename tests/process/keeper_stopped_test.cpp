#include <signal.h>
#include <unistd.h>

#include "core/parked_set.hpp"
#include "os/futex.hpp"
#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

// F4: a stopped process keeps no wake-up from others.
using namespace bulkhead_test;
using bulkhead::core::parked_set;
using bulkhead::core::side;
using bulkhead::os::child_context;

namespace {

bool is_announced(const bulkhead::core::queue_view& view, std::uint32_t seat) {
  return (view.header().receivers[seat / 64].load() >> (seat % 64) & 1) != 0;
}

// Says that it sleeps, and says so anew whenever it was woken.
int sleep_announced(child_context& start) {
  auto& e = start.endpoints.at(0);
  const desk d(std::move(e.segment), e.seat, e.epoch);
  auto& park = d.view().seat(e.seat).receive_park;
  for (;;) {
    const std::uint32_t seen = park.load();
    parked_set(d.view(), side::receivers).announce(e.seat);
    bulkhead::os::futex_wait(park, seen);
  }
}

// Holds a seat and waits for nothing.
int sit_only(child_context& start) {
  auto& e = start.endpoints.at(0);
  desk d(std::move(e.segment), e.seat, e.epoch);
  d.send(1);
  for (;;) ::pause();
}

}  // namespace

TEST_CASE("a stopped sleeper is chosen by nobody, and looks when it goes on", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  const desk d = h.sit(q);
  const std::uint32_t its = 1 - h.join(q).seat;
  const child c = h.spawn(sleep_announced, {.endpoints = {q.id}});
  REQUIRE(eventually([&] { return is_announced(d.view(), its); }));
  REQUIRE(::kill(c.pid, SIGSTOP) == 0);
  CHECK(eventually([&] { return !is_announced(d.view(), its); }));
  REQUIRE(::kill(c.pid, SIGCONT) == 0);
  CHECK(eventually([&] { return is_announced(d.view(), its); }));
}

TEST_CASE("a wake-up that a stopped process may have been given goes to another", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  const child c = h.spawn(sit_only, {.endpoints = {q.id}});
  REQUIRE(eventually([&] { return d.take().has_value(); }));
  const std::uint32_t ours = h.join(q).seat;
  const auto& park = d.view().seat(ours).receive_park;
  const std::uint32_t seen = park.load();
  parked_set(d.view(), side::receivers).announce(ours);
  REQUIRE(::kill(c.pid, SIGSTOP) == 0);
  CHECK(eventually([&] { return park.load() != seen; }));
}
