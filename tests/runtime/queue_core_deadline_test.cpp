#include <atomic>
#include <thread>
#include <utility>

#include "core/relax.hpp"
#include "core/timekeeper.hpp"
#include "runtime/queue_core_scene.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;
using core::timekeeper;

namespace {

std::uint64_t now_ms = 0;
std::uint64_t time_now() noexcept { return now_ms; }

std::uint64_t look(timekeeper& keeper, memory_queue& q, std::uint64_t at_ms) {
  now_ms = at_ms;
  return keeper.look(q.view());
}

core::queue_shape leased(std::uint32_t ms) {
  core::queue_shape shape = small(4);
  shape.lease_ms = ms;
  return shape;
}

}  // namespace

TEST_CASE("a lease counts from when the timekeeper first sees it", "[runtime][unit]") {
  memory_queue q(leased(100));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  REQUIRE(q.send(lane, "a") == outcome::done);
  CHECK(look(clock, q, 1000) == 1025);  // nothing yet: again after a quarter
  const auto held = q.take(taker);
  REQUIRE(held);
  CHECK(look(clock, q, 1025) == 1050);
  CHECK(look(clock, q, 1125) == 1126);  // it may have been 1025.9 when it was seen
  CHECK(core::is_held(q.view(), *held));
  look(clock, q, 1126);
  CHECK_FALSE(core::is_held(q.view(), *held));
  const auto again = q.take(taker);
  REQUIRE(again);
  CHECK(again->deliveries() == 2);
  CHECK(again->position == held->position);
}

TEST_CASE("a lease counts from when it was seen, however long the timekeeper was stopped before",
          "[runtime][unit]") {
  memory_queue q(leased(100));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper keeper([]() noexcept { return std::exchange(now_ms, 5000); });
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  look(keeper, q, 0);  // begins at 0, sees it at 5000
  look(keeper, q, 5100);
  CHECK(core::is_held(q.view(), *held));
  look(keeper, q, 5101);
  CHECK_FALSE(core::is_held(q.view(), *held));
}

TEST_CASE("an extension that was granted holds, whatever the timekeeper is about to do",
          "[runtime]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper keeper(time_now);
  constexpr int rounds = 20'000;
  std::atomic<int> begun{0}, looked{0};
  std::thread looks([&] {
    for (int round = 1; round <= rounds; ++round) {
      while (begun.load() != round) core::relax();
      keeper.look(q.view());
      looked = round;
    }
  });
  int granted = 0, refused = 0, broken = 0;
  for (int round = 1; round <= rounds; ++round) {
    q.send(lane, "a");
    const auto held = q.take(taker);
    now_ms = static_cast<std::uint64_t>(round) * 100;
    keeper.look(q.view());  // sees it
    now_ms += 20;           // it is over now
    begun = round;
    for (int n = round % 64; n != 0; --n) core::relax();
    const bool yes = core::extend(q.view(), *held, now_ms + 50);
    while (looked.load() != round) core::relax();
    ++(yes ? granted : refused);
    if (yes != core::is_held(q.view(), *held)) ++broken;
    core::acknowledge(q.view(), yes ? *held : *q.take(taker));
  }
  looks.join();
  INFO(granted << " granted, " << refused << " refused");
  CHECK(broken == 0);
}

TEST_CASE("who lost its lease does not shorten the next taker's extension", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto lost = q.take(taker);
  look(clock, q, 0);
  look(clock, q, 11);
  const auto held = q.take(taker);
  REQUIRE(held);
  REQUIRE(core::extend(q.view(), *held, 100));
  CHECK_FALSE(core::delay(q.view(), *lost, 20));
  look(clock, q, 12);
  look(clock, q, 50);
  CHECK(core::is_held(q.view(), *held));
  look(clock, q, 100);
  CHECK_FALSE(core::is_held(q.view(), *held));
}

TEST_CASE("what an ended lease tries to do is refused and changes nothing", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  look(clock, q, 0);
  look(clock, q, 11);
  const auto word = q.word(0, 0);
  REQUIRE(word.is(core::slot_state::ready));
  CHECK_FALSE(core::acknowledge(q.view(), *held));
  CHECK_FALSE(core::release(q.view(), *held));
  CHECK_FALSE(core::delay(q.view(), *held, 99));
  CHECK_FALSE(core::set_aside(q.view(), *held));
  CHECK_FALSE(core::extend(q.view(), *held, 99));
  auto to = q.sender(1);
  CHECK(q.forward(*held, to, {"b"}) == outcome::lease_lost);
  CHECK(q.word(0, 0) == word);
  CHECK(q.word(1, 0).is(core::slot_state::free));
  REQUIRE(q.send(to, "c") == outcome::done);  // the lane goes on
}

TEST_CASE("a forward with an ended lease among its inputs keeps the others", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  REQUIRE(q.send(lane, "a") == outcome::done);
  REQUIRE(q.send(lane, "b") == outcome::done);
  const auto a = q.take(taker);
  const auto b = q.take(taker);
  REQUIRE(core::extend(q.view(), *a, 1000));
  look(clock, q, 0);
  look(clock, q, 11);  // b's is over
  auto to = q.sender(1);
  REQUIRE(to.has_room(1));
  REQUIRE(q.stage(to, "r") == outcome::done);
  const core::forward_input inputs[] = {{&q.view(), *a}, {&q.view(), *b}};
  const core::forward_output outputs[] = {{&to, 1}};
  CHECK(core::forward(inputs, outputs, q.view().seat(1).records[0], 1) == outcome::lease_lost);
  CHECK(core::is_held(q.view(), *a));
  CHECK(core::acknowledge(q.view(), *a));
}

TEST_CASE("a pinned message is its forwarder's, however long", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  core::slot_of(q.view(), *held)
      .store(held->word.with(core::slot_state::pinned), std::memory_order_release);
  look(clock, q, 0);
  look(clock, q, 100);
  CHECK(q.word(0, 0).is(core::slot_state::pinned));
}

TEST_CASE("an extended lease ends at its own time, for that delivery only", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  REQUIRE(core::extend(q.view(), *held, 500));
  REQUIRE(core::extend(q.view(), *held, 100));  // no shorter by that
  look(clock, q, 0);
  look(clock, q, 499);
  CHECK(core::is_held(q.view(), *held));
  look(clock, q, 500);
  REQUIRE_FALSE(core::is_held(q.view(), *held));
  const auto again = q.take(taker);
  REQUIRE(again);
  look(clock, q, 501);
  look(clock, q, 512);
  CHECK_FALSE(core::is_held(q.view(), *again));
}

TEST_CASE("the next taker's lease knows nothing of an extension", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  REQUIRE(core::extend(q.view(), *held, 5000));
  REQUIRE(core::release(q.view(), *held));
  const auto again = q.take(taker);
  REQUIRE(again);
  look(clock, q, 0);
  look(clock, q, 11);
  CHECK_FALSE(core::is_held(q.view(), *again));
}

TEST_CASE("a delayed message waits for its time, also without leases", "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  CHECK(look(clock, q, 0) == timekeeper::never);
  REQUIRE(q.send(lane, "a") == outcome::done);
  REQUIRE(q.send(lane, "b") == outcome::done);
  REQUIRE(core::delay(q.view(), *q.take(taker), 300));
  CHECK(q.receive(taker) == "b");
  CHECK(q.receive(taker) == "nothing");
  CHECK(look(clock, q, 100) == 300);
  CHECK(q.receive(taker) == "nothing");
  CHECK(look(clock, q, 300) == timekeeper::never);
  const auto again = q.take(taker);
  REQUIRE(again);
  CHECK(q.text(*again) == "a");
  CHECK(again->deliveries() == 2);
}

TEST_CASE("receivers of a closed queue look again when its last lease is used up",
          "[runtime][unit]") {
  core::queue_shape shape = leased(100);
  shape.max_deliveries = 1;
  memory_queue q(shape);
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock(time_now);
  REQUIRE(q.send(lane, "a") == outcome::done);
  core::close(q.view());
  REQUIRE(q.take(taker));
  look(clock, q, 1000);
  const core::parked_set receivers(q.view(), core::side::receivers);
  receivers.announce(0);
  os_calls::woken.clear();
  look(clock, q, 2000);
  CHECK(clock.found_used_up());
  CHECK(os_calls::woken == std::vector{&receivers.park_word(0)});
  CHECK(core::is_over_for(q.view(), 0));
}
