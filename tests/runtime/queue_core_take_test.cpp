#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;

namespace {

// Puts a lane into the state after many laps: nothing waits, the next message is published at (lap,
// 0).
void turn_to_lap(memory_queue& q, std::uint32_t lane, std::uint64_t lap, std::uint64_t sent) {
  for (std::uint32_t n = 0; n < q.view().ring_slots(); ++n) {
    q.view().slot_at(lane, n).store(core::slot_word::make_free(lap), std::memory_order_relaxed);
    q.view().slot_at(lane, n).meta = sent - q.view().ring_slots() + 1 + n;
  }
  q.view().lane(lane).used = 1;
  q.view().lane(lane).passed = core::make_position(lap, 0);
  q.view().lane(lane).settled = core::make_position(lap, 0);
  q.view().lane(lane).sequence_hint = sent - q.view().ring_slots();
}

}  // namespace

TEST_CASE("a released message comes again, marked, before the younger ones", "[runtime][unit]") {
  memory_queue q(small(8));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  auto other = q.receiver(0);
  for (const char* text : {"a", "b", "c", "d"}) REQUIRE(q.send(lane, text) == outcome::done);
  const auto a = q.take(taker);
  const auto b = q.take(other);
  CHECK(a->deliveries() == 1);
  core::release(q.view(), *a);
  SECTION("to the one that released it") {
    const auto again = q.take(taker);
    REQUIRE(q.text(*again) == "a");
    CHECK(again->deliveries() == 2);
    CHECK(again->position == a->position);
    CHECK(q.receive(taker) == "c");
  }
  SECTION("to one whose cursor had passed it") {
    const auto again = q.take(other);
    REQUIRE(q.text(*again) == "a");
    CHECK(again->deliveries() == 2);
    CHECK(q.receive(other) == "c");
  }
  SECTION("to one that had taken everything") {
    CHECK(q.receive(other) == "a");
    CHECK(q.receive(other) == "c");
    CHECK(q.receive(other) == "d");
    core::release(q.view(), *b);
    CHECK(q.receive(other) == "b");
  }
  SECTION("to one that has never looked") {
    auto late = q.receiver(1);
    CHECK(q.receive(late) == "a");
    CHECK(q.receive(late) == "c");
  }
}

TEST_CASE("several released messages come again in the order in which they were sent",
          "[runtime][unit]") {
  memory_queue q(small(8));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  for (const char* text : {"a", "b", "c", "d"}) REQUIRE(q.send(lane, text) == outcome::done);
  const auto a = q.take(taker);
  const auto b = q.take(taker);
  const auto c = q.take(taker);
  for (const auto& l : {c, a, b}) core::release(q.view(), *l);
  for (const char* text : {"a", "b", "c", "d"}) CHECK(q.receive(taker) == text);
  CHECK(q.receive(taker) == "nothing");
}

TEST_CASE("a message that was leased for several laps is given back before the younger ones",
          "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  auto other = q.receiver(0);
  for (int n = 0; n < 5; ++n) {  // not in the first slot
    REQUIRE(q.send(lane, "x") == outcome::done);
    q.receive(other);
  }
  REQUIRE(q.send(lane, "slow") == outcome::done);
  const auto slow = q.take(taker);
  const int turns = GENERATE(0, 3, 9, 30, 100);
  for (int n = 0; n < turns; ++n) {
    REQUIRE(q.send(lane, "x") == outcome::done);
    REQUIRE(q.receive(other) == "x");
  }
  for (const char* text : {"y", "z"}) REQUIRE(q.send(lane, text) == outcome::done);
  core::release(q.view(), *slow);
  SECTION("to a warm receiver") {
    for (const char* text : {"slow", "y", "z", "nothing"}) CHECK(q.receive(other) == text);
  }
  SECTION("to one that is far behind") {
    for (const char* text : {"slow", "y", "z", "nothing"}) CHECK(q.receive(taker) == text);
  }
}

TEST_CASE("a receiver that slept for many laps finds everything that waits", "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto sleeper = q.receiver(1);
  auto busy = q.receiver(0);
  CHECK(q.receive(sleeper) == "nothing");
  const int turns = GENERATE(1, 7, 11, 12, 13, 25, 100);
  for (int n = 0; n < turns; ++n) {
    REQUIRE(q.send(lane, "x") == outcome::done);
    q.receive(busy);
  }
  for (const char* text : {"a", "b", "c", "d"}) REQUIRE(q.send(lane, text) == outcome::done);
  SECTION("asleep") {
    for (const char* text : {"a", "b", "c", "d", "nothing"}) CHECK(q.receive(sleeper) == text);
  }
  SECTION("new") {
    auto late = q.receiver(1);
    for (const char* text : {"a", "b", "c", "d", "nothing"}) CHECK(q.receive(late) == text);
  }
}

TEST_CASE("a receiver meets a seat that joins later", "[runtime][unit]") {
  memory_queue q(small(4, 3));
  q.view().header().seats_used = 1;
  auto taker = q.receiver(0);
  CHECK(q.receive(taker) == "nothing");
  q.view().header().seats_used = 3;
  auto lane = q.sender(2);
  REQUIRE(q.send(lane, "late") == outcome::done);
  CHECK(q.receive(taker) == "late");
}

TEST_CASE("two receivers never get the same message", "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto a = q.receiver(0);
  auto b = q.receiver(1);
  for (int n = 0; n < 100; n += 2) {
    REQUIRE(q.send(lane, std::to_string(n)) == outcome::done);
    REQUIRE(q.send(lane, std::to_string(n + 1)) == outcome::done);
    const auto first = q.take(a);
    const auto second = q.take(b);
    REQUIRE(q.text(*first) == std::to_string(n));
    REQUIRE(q.text(*second) == std::to_string(n + 1));
    CHECK(q.receive(a) == "nothing");
    CHECK(q.receive(b) == "nothing");
    core::acknowledge(q.view(), *second);
    core::acknowledge(q.view(), *first);
  }
}

TEST_CASE("settling wakes the lane's sleeping sender, and releasing a sleeping receiver",
          "[runtime][unit]") {
  memory_queue q(small(4, 3));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  REQUIRE(q.send(lane, "a") == outcome::done);
  const auto l = q.take(taker);
  const core::parked_set senders(q.view(), core::side::senders);
  const core::parked_set receivers(q.view(), core::side::receivers);
  senders.announce(0);
  senders.announce(2);
  receivers.announce(2);
  SECTION("acknowledged") {
    core::acknowledge(q.view(), *l);
    REQUIRE(os_calls::woken.size() == 1);
    CHECK(os_calls::woken[0] == &senders.park_word(0));
    CHECK(senders.any());
  }
  SECTION("released") {
    core::release(q.view(), *l);
    REQUIRE(os_calls::woken.size() == 1);
    CHECK(os_calls::woken[0] == &receivers.park_word(2));
  }
}

TEST_CASE("a lane goes on across the wrap of its laps", "[runtime][unit]") {
  memory_queue q(small(4));
  constexpr std::uint64_t sent = 3'298'534'883'328;  // what 2^38 laps of 12 slots hold, about
  turn_to_lap(q, 0, core::lap_mask - 1, sent);
  auto lane = q.sender(0);
  auto warm = q.receiver(1);
  REQUIRE(lane.sent() == sent);
  REQUIRE(q.send(lane, "slow") == outcome::done);
  const auto slow = q.take(warm);
  REQUIRE(slow);
  CHECK(slow->word.lap() == core::lap_mask - 1);
  const bool takeovers = GENERATE(false, true);
  const bool newcomers = GENERATE(false, true);
  for (int n = 0; n < 60; ++n) {
    INFO("message " << n);
    REQUIRE(q.send(lane, std::to_string(n)) == outcome::done);
    REQUIRE(lane.sent() == sent + 2 + static_cast<unsigned>(n));
    if (takeovers) {
      lane = q.sender(0);
      REQUIRE(lane.sent() == sent + 2 + static_cast<unsigned>(n));
    }
    if (newcomers) {
      auto late = q.receiver(0);
      REQUIRE(q.receive(late) == std::to_string(n));
    } else {
      REQUIRE(q.receive(warm) == std::to_string(n));
    }
    if (n == 40) core::release(q.view(), *slow);
    if (n == 40) REQUIRE(q.receive(warm) == "slow");
    if (takeovers) {
      lane = q.sender(0);
      REQUIRE(lane.sent() == sent + 2 + static_cast<unsigned>(n));
    }
  }
}

TEST_CASE("a new receiver finds what waits in whatever lap the lane is", "[runtime][unit]") {
  memory_queue q(small(4));
  const std::uint64_t lap = GENERATE(std::uint64_t{1}, std::uint64_t{2}, core::lap_mask / 2,
                                     core::lap_mask / 2 + 1, core::lap_mask - 5, core::lap_mask);
  turn_to_lap(q, 0, lap, 12'000);
  auto lane = q.sender(0);
  for (const char* text : {"a", "b"}) REQUIRE(q.send(lane, text) == outcome::done);
  auto late = q.receiver(1);
  for (const char* text : {"a", "b", "nothing"}) CHECK(q.receive(late) == text);
}

TEST_CASE("messages of different laps that a death gives back come in the order of their sending",
          "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto dead = q.receiver(1);
  auto other = q.receiver(0);
  const auto turn_to = [&](std::uint32_t index) {
    do {
      REQUIRE(q.send(lane, "x") == outcome::done);
      REQUIRE(q.receive(other) == "x");
    } while (core::index_of(lane.staged_first()) != index);
  };
  turn_to(8);
  REQUIRE(q.send(lane, "a") == outcome::done);
  REQUIRE(q.take(dead));
  turn_to(8);
  turn_to(6);
  REQUIRE(q.send(lane, "b") == outcome::done);
  REQUIRE(q.take(dead));
  turn_to(3);
  REQUIRE(q.send(lane, "c") == outcome::done);
  q.recover(1);
  for (const char* text : {"a", "b", "c"}) CHECK(q.receive(other) == text);
}
