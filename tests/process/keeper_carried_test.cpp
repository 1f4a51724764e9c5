#include <signal.h>
#include <unistd.h>

#include "os/keeper/carried_queues.hpp"
#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

// Queues that messages name, as the keeper sees them: what is announced, what is published and what
// is not.
using namespace bulkhead_test;
using bulkhead::errc;
using bulkhead::os::carried_queues;
using bulkhead::os::child_context;
using bulkhead::os::keeper_link;

namespace {

std::uint64_t make_one(keeper_link& keeper) {
  return keeper.ask<control::queue_reply>(control::kind::make_queue, host::shape()).queue;
}

void announce(keeper_link& keeper, std::uint64_t queue, std::uint64_t position,
              std::vector<std::uint64_t> names) {
  control::carry wanted;
  wanted.queue = queue;
  wanted.messages.push_back({position, std::move(names)});
  keeper.ask<control::done>(control::kind::carry, wanted);
}

// Makes a queue, announces it in its next message of the given one and is killed before or after it
// publishes that. The queue's id is the number after its own carrier's.
int announce_and(child_context& start, bool publish) {
  auto& e = start.endpoints.at(0);
  const std::uint64_t carrier = e.queue;
  keeper_link keeper(std::move(start.control));
  desk d(std::move(e.segment), e.seat, e.epoch);
  announce(keeper, carrier, 0, {make_one(keeper)});
  if (publish) d.send(std::uint64_t{1});
  ::raise(SIGKILL);
  return 0;
}
int announce_and_die(child_context& start) { return announce_and(start, false); }
int publish_and_die(child_context& start) { return announce_and(start, true); }
int send_plain(child_context& start) {
  auto& e = start.endpoints.at(0);
  desk d(std::move(e.segment), e.seat, e.epoch);
  return d.send(std::uint64_t{2}) ? 0 : 1;
}
int announce_without_seat(child_context& start) {
  keeper_link keeper(std::move(start.control));
  const std::uint64_t made = make_one(keeper);
  announce(keeper, made, 0, {made});
  return 0;
}
int announce_beyond_the_ring(child_context& start) {
  auto& e = start.endpoints.at(0);
  keeper_link keeper(std::move(start.control));
  announce(keeper, e.queue, bulkhead::core::ring_slots_max - 1, {e.queue});
  return 0;
}

bool is_there(host& h, std::uint64_t queue) {
  try {
    h.keeper.ask<control::queue_reply>(control::kind::open_queue, control::queue_named{queue});
    return true;
  } catch (const std::system_error& failure) {
    if (failure.code() != errc::closed) throw;
    return false;
  }
}

std::vector<std::uint64_t> list(std::initializer_list<std::uint64_t> values) { return values; }

}  // namespace

TEST_CASE("whoever forgets a settled message hears of all that it named", "[os][unit]") {
  bulkhead::os::carried_queues carried;
  carried.set({1, 0, 5}, {7, 9});
  carried.set({1, 0, 6}, {8});
  std::vector<std::uint64_t> freed;
  const auto settled = [](const auto&) { return true; };
  CHECK_FALSE(carried.is_named(7, settled, freed));
  CHECK(freed == std::vector<std::uint64_t>{9});
  CHECK(carried.size() == 1);
}

TEST_CASE("a queue that was announced and not published goes with its sender", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  h.run(announce_and_die, {.resume_key = 5, .endpoints = {q.id}});
  CHECK_FALSE(is_there(h, q.id + 1));
  // The successor publishes at the same place, and names nothing.
  CHECK(h.run(send_plain, {.resume_key = 5, .endpoints = {q.id}}).code == 0);
  CHECK_FALSE(is_there(h, q.id + 1));
}

TEST_CASE("a queue that was announced and published stays until the message is settled",
          "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  h.run(publish_and_die, {.endpoints = {q.id}});
  const auto l = d.take();
  REQUIRE(l);
  // Opened and left again, as somebody does who decodes the message and gives it back.
  REQUIRE(is_there(h, q.id + 1));
  h.keeper.ask<control::done>(control::kind::leave_queue, control::queue_named{q.id + 1});
  CHECK(is_there(h, q.id + 1));
  d.acknowledge(*l);
  h.keeper.ask<control::done>(control::kind::leave_queue, control::queue_named{q.id + 1});
  CHECK_FALSE(is_there(h, q.id + 1));
}

TEST_CASE("an announcement that cannot be true is garbage", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  // Each ends by the keeper's signal or by its own exception, whichever comes first.
  const std::string fault = "it sent the keeper bytes that are no request";
  CHECK(h.run(announce_without_seat).text == fault);
  CHECK(h.run(announce_beyond_the_ring, {.endpoints = {q.id}}).text == fault);
  desk d = h.sit(q);
  // One that names a queue which is not there is an error.
  CHECK_THROWS_AS(announce(h.keeper, q.id, 0, {999}), bulkhead::error);
}

TEST_CASE("a message's names are kept by its slot", "[os][unit]") {
  carried_queues carried;
  std::vector<std::uint64_t> freed;
  const auto at = [](std::uint64_t lap, std::uint32_t index) {
    return carried_queues::place{1, 0, bulkhead::core::make_position(lap, index)};
  };
  const auto all = [](const carried_queues::place&) { return true; };
  const auto none = [](const carried_queues::place&) { return false; };

  SECTION("the next message in the slot takes the place of the last one") {
    CHECK(carried.set(at(0, 3), {7, 8, 7}).empty());
    CHECK(carried.set(at(1, 3), {8, 9}) == list({7}));
    CHECK_FALSE(carried.is_named(7, none, freed));
    CHECK(carried.is_named(8, none, freed));
    CHECK(carried.set(at(2, 3), {}) == list({8, 9}));
    CHECK(carried.empty());
  }
  SECTION("a name is free when the last message that has it is forgotten") {
    carried.set(at(0, 1), {7});
    carried.set(at(0, 2), {7});
    CHECK(carried.set(at(1, 1), {}).empty());
    CHECK(carried.set(at(1, 2), {}) == list({7}));
  }
  SECTION("looking at a name forgets what is settled") {
    carried.set(at(0, 1), {7});
    carried.set(at(0, 2), {7, 8});
    CHECK_FALSE(carried.is_named(7, all, freed));
    CHECK(carried.empty());
  }
  SECTION("a copy has the names of its original, and only of that message") {
    carried.set(at(0, 1), {7});
    carried.copy(at(0, 1), {2, 0, 0});
    carried.copy(at(1, 1), {2, 0, 1});  // another lap: a message that names nothing
    CHECK(carried.size() == 2);
    carried.forget_all_in(1);
    CHECK(carried.is_named(7, none, freed));
    CHECK(carried.forget_all_in(2) == list({7}));
  }
  SECTION("a turn comes to every message") {
    for (std::uint32_t index = 0; index < 10; ++index) carried.set(at(0, index), {index + 10});
    std::size_t forgotten = 0;
    for (int n = 0; n < 5; ++n) forgotten += carried.forget_some(2, all).size();
    CHECK(forgotten == 10);
    CHECK(carried.empty());
  }
}
