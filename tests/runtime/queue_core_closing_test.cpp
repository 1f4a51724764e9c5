#include <atomic>
#include <cstdlib>
#include <thread>

#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;

TEST_CASE("close is a step of two halves with a barrier between, and wakes everyone",
          "[runtime][unit]") {
  memory_queue q(small(4, 3));
  const core::parked_set receivers(q.view(), core::side::receivers);
  receivers.announce(2);
  core::close(q.view());
  CHECK(q.view().header().signs.closed == core::closed_state::closed);
  CHECK(os_calls::heavy_barriers == 1);
  CHECK(os_calls::woken.size() == 6);
  core::close(q.view());
  CHECK(q.view().header().signs.closed == core::closed_state::closed);
}

TEST_CASE("a closed queue is over when nothing waits and nobody else can give anything back",
          "[runtime][unit]") {
  memory_queue q(small(4, 3));
  auto lane = q.sender(0);
  auto a = q.receiver(1);
  CHECK_FALSE(core::is_over_for(q.view(), 1));
  REQUIRE(q.send(lane, "x") == outcome::done);
  core::close(q.view());
  CHECK_FALSE(core::is_over_for(q.view(), 1));
  const auto l = q.take(a);
  CHECK(core::is_over_for(q.view(), 1));        // holds it itself: must settle it
  CHECK_FALSE(core::is_over_for(q.view(), 2));  // it may come back to this one
  SECTION("acknowledged") {
    const core::parked_set receivers(q.view(), core::side::receivers);
    receivers.announce(1);
    receivers.announce(2);
    os_calls::woken.clear();
    core::acknowledge(q.view(), *l);
    // Every receiver that sleeps looks again.
    CHECK(os_calls::woken == std::vector{&receivers.park_word(1), &receivers.park_word(2)});
    CHECK(core::is_over_for(q.view(), 1));
    CHECK(core::is_over_for(q.view(), 2));
  }
  SECTION("acknowledged while nobody sleeps") {
    os_calls::woken.clear();
    core::acknowledge(q.view(), *l);
    CHECK(os_calls::woken.empty());
  }
  SECTION("released") {
    core::release(q.view(), *l);
    CHECK_FALSE(core::is_over_for(q.view(), 1));
    CHECK_FALSE(core::is_over_for(q.view(), 2));
  }
  SECTION("being buried") {
    q.view().slot_at(0, 0).store(l->word.with(core::slot_state::burying),
                                 std::memory_order_release);
    CHECK_FALSE(core::is_over_for(q.view(), 1));
  }
  SECTION("poison stays out of delivery") {
    q.view().slot_at(0, 0).store(l->word.with(core::slot_state::poison), std::memory_order_release);
    CHECK(core::is_over_for(q.view(), 1));
    CHECK(core::is_over_for(q.view(), 2));
  }
}

TEST_CASE("receivers of a closed queue look again when its last message is set aside",
          "[runtime][unit]") {
  memory_queue q(small(4, 3));
  auto lane = q.sender(0);
  auto a = q.receiver(1);
  REQUIRE(q.send(lane, "x") == outcome::done);
  const bool is_closed = GENERATE(true, false);
  if (is_closed) core::close(q.view());
  const auto l = q.take(a);
  const core::parked_set receivers(q.view(), core::side::receivers);
  receivers.announce(2);
  os_calls::woken.clear();
  REQUIRE(core::set_aside(q.view(), *l));
  CHECK(os_calls::woken.size() == (is_closed ? 1 : 0));
  CHECK(core::is_over_for(q.view(), 2) == is_closed);
}

// Whoever waits until all is settled must not be told so where each look comes too late.
TEST_CASE("a message that moves from lane to lane is never taken for settled", "[runtime][unit]") {
  memory_queue q(small(4096));  // so many that it moves several times during a look
  auto first = q.sender(0);
  auto second = q.sender(1);
  auto taker = q.receiver(1);
  REQUIRE(q.send(first, "x") == outcome::done);
  constexpr int moves = 300'000;
  std::atomic<bool> is_over{false};
  std::thread mover([&] {
    for (int n = 0; n < moves; ++n) {
      const bool there = n % 2 != 0;
      const auto held = q.take(taker);
      if (!held || q.send(there ? first : second, "x") != outcome::done) std::abort();
      core::acknowledge(q.view(), *held);
    }
    is_over.store(true);
  });
  int taken_for_settled = 0;
  while (!is_over.load()) taken_for_settled += core::all_settled(q.view()) ? 1 : 0;
  mover.join();
  CHECK(taken_for_settled == 0);
  core::acknowledge(q.view(), *q.take(taker));
  CHECK(core::all_settled(q.view()));
}

TEST_CASE("a queue that is only closing is not over", "[runtime][unit]") {
  memory_queue q(small(4));
  q.view().header().signs.closed = core::closed_state::closing;
  CHECK_FALSE(core::is_over_for(q.view(), 0));
}

TEST_CASE("a queue is not over while a forward may still publish there", "[runtime][unit]") {
  memory_queue q(small(4));
  core::close(q.view());
  q.view().lane(1).forwarding = 4;
  CHECK_FALSE(core::is_over_for(q.view(), 0));
  q.view().lane(1).forwarding = 0;
  CHECK(core::is_over_for(q.view(), 0));
}

TEST_CASE("a census counts what waits and what is held, and by whom", "[runtime][unit]") {
  memory_queue q(small(8, 3));
  auto lane = q.sender(0);
  auto a = q.receiver(1);
  auto b = q.receiver(2);
  for (int n = 0; n < 6; ++n) REQUIRE(q.send(lane, "x") == outcome::done);
  REQUIRE(q.take(a));
  REQUIRE(q.take(a));
  REQUIRE(q.take(b));
  const auto census = core::count_messages(q.view(), 1);
  CHECK(census.waiting == 3);
  CHECK(census.held == 3);
  CHECK(census.held_by_seat == 2);
}
