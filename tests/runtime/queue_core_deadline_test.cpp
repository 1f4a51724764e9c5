#include "core/timekeeper.hpp"
#include "runtime/queue_core_scene.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;
using core::timekeeper;

namespace {

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
  timekeeper clock;
  REQUIRE(q.send(lane, "a") == outcome::done);
  CHECK(clock.look(q.view(), 1000) == 1025);  // nothing yet: again after a quarter
  const auto held = q.take(taker);
  REQUIRE(held);
  CHECK(clock.look(q.view(), 1025) == 1050);
  CHECK(clock.look(q.view(), 1124) == 1125);
  CHECK(core::is_held(q.view(), *held));
  clock.look(q.view(), 1125);
  CHECK_FALSE(core::is_held(q.view(), *held));
  const auto again = q.take(taker);
  REQUIRE(again);
  CHECK(again->deliveries() == 2);
  CHECK(again->position == held->position);
}

TEST_CASE("who lost its lease does not shorten the next taker's extension", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock;
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto lost = q.take(taker);
  clock.look(q.view(), 0);
  clock.look(q.view(), 10);
  const auto held = q.take(taker);
  REQUIRE(held);
  REQUIRE(core::extend(q.view(), *held, 100));
  CHECK_FALSE(core::delay(q.view(), *lost, 20));
  clock.look(q.view(), 11);
  clock.look(q.view(), 50);
  CHECK(core::is_held(q.view(), *held));
  clock.look(q.view(), 100);
  CHECK_FALSE(core::is_held(q.view(), *held));
}

TEST_CASE("what an ended lease tries to do is refused and changes nothing", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock;
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  clock.look(q.view(), 0);
  clock.look(q.view(), 10);
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
  timekeeper clock;
  REQUIRE(q.send(lane, "a") == outcome::done);
  REQUIRE(q.send(lane, "b") == outcome::done);
  const auto a = q.take(taker);
  const auto b = q.take(taker);
  REQUIRE(core::extend(q.view(), *a, 1000));
  clock.look(q.view(), 0);
  clock.look(q.view(), 10);  // b's is over
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
  timekeeper clock;
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  core::slot_of(q.view(), *held)
      .store(held->word.with(core::slot_state::pinned), std::memory_order_release);
  clock.look(q.view(), 0);
  clock.look(q.view(), 100);
  CHECK(q.word(0, 0).is(core::slot_state::pinned));
}

TEST_CASE("an extended lease ends at its own time, for that delivery only", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock;
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  REQUIRE(core::extend(q.view(), *held, 500));
  clock.look(q.view(), 0);
  clock.look(q.view(), 499);
  CHECK(core::is_held(q.view(), *held));
  clock.look(q.view(), 500);
  REQUIRE_FALSE(core::is_held(q.view(), *held));
  const auto again = q.take(taker);
  REQUIRE(again);
  clock.look(q.view(), 501);
  clock.look(q.view(), 511);
  CHECK_FALSE(core::is_held(q.view(), *again));
}

TEST_CASE("the next taker's lease knows nothing of an extension", "[runtime][unit]") {
  memory_queue q(leased(10));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock;
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto held = q.take(taker);
  REQUIRE(core::extend(q.view(), *held, 5000));
  REQUIRE(core::release(q.view(), *held));
  const auto again = q.take(taker);
  REQUIRE(again);
  clock.look(q.view(), 0);
  clock.look(q.view(), 10);
  CHECK_FALSE(core::is_held(q.view(), *again));
}

TEST_CASE("a delayed message waits for its time, also without leases", "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  timekeeper clock;
  CHECK(clock.look(q.view(), 0) == timekeeper::never);
  REQUIRE(q.send(lane, "a") == outcome::done);
  REQUIRE(q.send(lane, "b") == outcome::done);
  REQUIRE(core::delay(q.view(), *q.take(taker), 300));
  CHECK(q.receive(taker) == "b");
  CHECK(q.receive(taker) == "nothing");
  CHECK(clock.look(q.view(), 100) == 300);
  CHECK(q.receive(taker) == "nothing");
  CHECK(clock.look(q.view(), 300) == timekeeper::never);
  const auto again = q.take(taker);
  REQUIRE(again);
  CHECK(q.text(*again) == "a");
  CHECK(again->deliveries() == 2);
}
