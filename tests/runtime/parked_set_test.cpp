#include "core/parked_set.hpp"

#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::parked_set;
using core::side;

namespace {

std::uint32_t park_value(const parked_set& set, std::uint32_t seat) {
  return set.park_word(seat).load();
}

}  // namespace

TEST_CASE("nobody is woken where nobody sleeps", "[runtime][unit]") {
  memory_queue q(small(4));
  const parked_set set(q.view(), side::receivers);
  CHECK_FALSE(set.any());
  set.wake_one();
  set.wake_seat(1);
  CHECK(os_calls::woken.empty());
}

TEST_CASE("a wake-up takes one announcement and rings that seat's word", "[runtime][unit]") {
  memory_queue q(small(4, 200));
  const parked_set set(q.view(), side::receivers);
  const std::uint32_t seat = GENERATE(0u, 63u, 64u, 130u, 199u);
  set.announce(seat);
  CHECK(set.any());
  set.wake_one();
  CHECK_FALSE(set.any());
  CHECK(park_value(set, seat) == 1);
  REQUIRE(os_calls::woken.size() == 1);
  CHECK(os_calls::woken[0] == &set.park_word(seat));
  CHECK_FALSE(set.withdraw(seat));  // the wake-up is that seat's to use or to pass on
}

TEST_CASE("each wake-up elects another sleeper, in both levels of the set", "[runtime][unit]") {
  memory_queue q(small(4, 200));
  const parked_set set(q.view(), side::senders);
  for (const std::uint32_t seat : {3u, 5u, 70u, 199u}) set.announce(seat);
  for (int n = 0; n < 4; ++n) {
    CHECK(set.any());
    set.wake_one();
  }
  CHECK_FALSE(set.any());
  for (const std::uint32_t seat : {3u, 5u, 70u, 199u}) CHECK(park_value(set, seat) == 1);
  set.wake_one();
  CHECK(os_calls::woken.size() == 4);
}

TEST_CASE("who takes its announcement back is not woken, and the others still are",
          "[runtime][unit]") {
  memory_queue q(small(4, 200));
  const parked_set set(q.view(), side::receivers);
  set.announce(3);
  set.announce(4);
  set.announce(100);
  CHECK(set.withdraw(3));
  CHECK_FALSE(set.withdraw(3));
  CHECK(set.withdraw(100));
  CHECK(set.any());
  set.wake_one();
  CHECK(park_value(set, 3) == 0);
  CHECK(park_value(set, 4) == 1);
  CHECK(park_value(set, 100) == 0);
  CHECK_FALSE(set.any());
}

TEST_CASE("the two sides of a queue sleep apart", "[runtime][unit]") {
  memory_queue q(small(4));
  const parked_set receivers(q.view(), side::receivers);
  const parked_set senders(q.view(), side::senders);
  receivers.announce(1);
  CHECK_FALSE(senders.any());
  senders.wake_one();
  CHECK(receivers.any());
  CHECK(&receivers.park_word(1) != &senders.park_word(1));
}

TEST_CASE("one seat alone can be woken", "[runtime][unit]") {
  memory_queue q(small(4, 3));
  const parked_set set(q.view(), side::senders);
  set.announce(0);
  set.announce(2);
  set.wake_seat(2);
  CHECK(park_value(set, 2) == 1);
  CHECK(park_value(set, 0) == 0);
  CHECK(set.any());
}

// After a death nobody knows which announcements the dead had taken without ringing.
TEST_CASE("waking the announced rings each of them once, and nobody else", "[runtime][unit]") {
  memory_queue q(small(4, 200));
  const parked_set set(q.view(), side::receivers);
  for (const std::uint32_t seat : {3u, 63u, 130u}) set.announce(seat);
  set.announce_bell();
  set.wake_announced();
  CHECK(os_calls::woken == std::vector{&set.park_word(3), &set.park_word(63), &set.park_word(130)});
  CHECK_FALSE(set.any());
  set.wake_announced();
  CHECK(os_calls::woken.size() == 3);
}

TEST_CASE("waking all rings every seat, announced or not", "[runtime][unit]") {
  memory_queue q(small(4, 70));
  const parked_set set(q.view(), side::receivers);
  set.announce(69);
  set.wake_all();
  CHECK(os_calls::woken.size() == 70);
  CHECK(park_value(set, 0) == 1);
  CHECK(park_value(set, 69) == 1);
  CHECK_FALSE(set.any());
}

// The summary bit may be missing for a moment while a seat's own bit is set: a rival announced
// itself between the two steps of a clear. Here the words are put into that state by hand.
TEST_CASE("a rival that announces itself during a clear is found again", "[runtime][unit]") {
  memory_queue q(small(4, 10));
  const parked_set set(q.view(), side::receivers);
  set.announce(4);
  auto& header = q.view().header();
  header.receivers[0] |= 1u << 7;  // seat 7 has set its own bit and not yet the summary
  CHECK(set.withdraw(4));
  CHECK(set.any());  // seat 7 can still be found
}

TEST_CASE("a stale summary bit costs nothing but a look", "[runtime][unit]") {
  memory_queue q(small(4, 200));
  const parked_set set(q.view(), side::receivers);
  q.view().header().signs.parked_receivers |= 2;
  set.announce(199);
  set.wake_one();
  CHECK(park_value(set, 199) == 1);
  CHECK(os_calls::woken.size() == 1);
}
