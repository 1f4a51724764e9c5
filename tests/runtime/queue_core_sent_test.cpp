#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;

TEST_CASE("the next incarnation of a sender goes on where the last one stopped",
          "[runtime][unit]") {
  memory_queue q(small(4));
  auto taker = q.receiver(1);
  std::uint64_t sent = 0;
  for (int life = 0; life < 30; ++life) {
    auto lane = q.sender(0);
    REQUIRE(lane.sent() == sent);
    for (int n = 0; n < life % 4; ++n)
      REQUIRE(q.send(lane, std::to_string(sent++)) == outcome::done);
    auto heir = q.sender(0);
    REQUIRE(heir.sent() == sent);
    REQUIRE(heir.has_room(static_cast<std::size_t>(4 - life % 4)));
    REQUIRE_FALSE(heir.has_room(static_cast<std::size_t>(5 - life % 4)));
    for (int n = life % 4; n > 0; --n)
      REQUIRE(q.receive(taker) == std::to_string(sent - static_cast<unsigned>(n)));
  }
}

TEST_CASE("sent() of the next incarnation counts neither what was staged nor what was reserved",
          "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  for (int n = 0; n < 17; ++n) {
    REQUIRE(q.send(lane, "x") == outcome::done);
    q.receive(taker);
  }
  SECTION("staged") {
    for (int n = 0; n < 3; ++n) REQUIRE(q.stage(lane, "y") == outcome::done);
    lane.seal_staged();
  }
  SECTION("staged and dropped") {
    REQUIRE(q.stage(lane, "y") == outcome::done);
    lane.drop_staged();
  }
  SECTION("reserved") {
    core::place p;
    REQUIRE(lane.reserve(3, p) == outcome::done);
  }
  auto heir = q.sender(0);
  CHECK(heir.sent() == 17);
  CHECK(q.receive(taker) == "nothing");
  REQUIRE(q.send(heir, "z") == outcome::done);
  CHECK(q.receive(taker) == "z");
  CHECK(q.receive(taker) == "nothing");
  CHECK(q.sender(0).sent() == 18);
}

// Receivers skip what is before `passed`: the heir must not publish there, though the place is free
// by now.
TEST_CASE("the heir of a sender that died behind a held place does not publish before that place",
          "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  REQUIRE(q.send(lane, "held") == outcome::done);
  const auto held = q.take(taker);
  for (std::uint32_t n = 1; n < q.view().ring_slots(); ++n) {
    REQUIRE(q.send(lane, "x") == outcome::done);
    REQUIRE(q.receive(taker) == "x");
  }
  core::place p;
  REQUIRE(lane.reserve(1, p) == outcome::done);
  REQUIRE(core::index_of(p.position) == 1);  // around the held one
  CHECK(q.receive(taker) == "nothing");      // its cursor is past it now
  core::acknowledge(q.view(), *held);
  auto heir = q.sender(0);
  REQUIRE(q.send(heir, "next") == outcome::done);
  CHECK(q.receive(taker) == "next");
}

TEST_CASE("a send into a closed queue sends nothing and is not counted", "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  REQUIRE(q.send(lane, "before") == outcome::done);
  core::close(q.view());
  for (int n = 0; n < 30; ++n) REQUIRE(q.send(lane, "after") == outcome::closed);
  CHECK(lane.sent() == 1);
  CHECK(q.sender(0).sent() == 1);
  CHECK(q.receive(taker) == "before");
  CHECK(q.receive(taker) == "nothing");
  auto heir = q.sender(0);
  CHECK(q.send(heir, "after") == outcome::closed);
  CHECK(heir.sent() == 1);
  CHECK(q.sender(0).sent() == 1);
}

TEST_CASE("sent() counts beyond 32 bits over incarnations", "[runtime][unit]") {
  memory_queue q(small(4));
  auto taker = q.receiver(1);
  constexpr std::uint64_t before = 0x1'ffff'fff0;
  // A lane whose current lap began at `before` messages.
  q.view().lane(0).used = 1;
  q.view().lane(0).sequence_hint = before;
  for (std::uint32_t n = 0; n < q.view().ring_slots(); ++n) {
    q.view().slot_at(0, n).store(core::slot_word::make_free(n == 0 ? 6 : 5),
                                 std::memory_order_relaxed);
  }
  q.view().slot_at(0, 0).meta = (before + 1) & 0xffff'ffff;
  auto lane = q.sender(0);
  REQUIRE(lane.sent() == before + 1);
  for (std::uint64_t n = 1; n <= 40; ++n) {
    REQUIRE(q.send(lane, std::to_string(n)) == outcome::done);
    REQUIRE(q.receive(taker) == std::to_string(n));
    REQUIRE(q.sender(0).sent() == before + 1 + n);
  }
}
