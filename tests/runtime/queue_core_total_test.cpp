#include <algorithm>

#include "runtime/queue_core_scene.hpp"
#include "runtime/queue_core_totals.hpp"

using namespace queue_core;
using core::outcome;
using support::count_credits;

namespace {

core::position reserve(core::producer& lane, const std::string& text) {
  core::place p;
  REQUIRE(lane.reserve(text.size(), p) == outcome::done);
  return p.position;
}

}  // namespace

TEST_CASE("all senders together have no more messages under way than the total",
          "[runtime][unit]") {
  const std::uint32_t total = GENERATE(1u, 2u, 5u, 7u);
  memory_queue q(with_total(total, 20));
  core::producer lanes[] = {q.sender(0), q.sender(1), q.sender(2)};
  auto taker = q.receiver(2);
  for (int round = 0; round < 200; ++round) {
    std::uint32_t sent = 0;
    for (auto& lane : lanes) {
      while (sent < total + 5 && q.send(lane, "m") == outcome::done) ++sent;
    }
    CHECK(sent == total);
    CHECK(trouble(q).empty());
    const auto held = q.take(taker);
    REQUIRE(held);
    for (auto& lane : lanes) CHECK(q.send(lane, "leased counts") == outcome::full);
    core::acknowledge(q.view(), *held);
    CHECK(q.send(lanes[round % 3], "last") == outcome::done);
    while (q.receive(taker) != "nothing") {
    }
  }
  CHECK(free_credits(q) == total);
}

TEST_CASE("a sender's capacity bounds it under a larger total", "[runtime][unit]") {
  memory_queue q(with_total(6, 4));
  auto a = q.sender(0);
  auto b = q.sender(1);
  for (int n = 0; n < 4; ++n) REQUIRE(q.send(a, "a") == outcome::done);
  CHECK(q.send(a, "a") == outcome::full);
  for (int n = 0; n < 2; ++n) REQUIRE(q.send(b, "b") == outcome::done);
  CHECK(q.send(b, "b") == outcome::full);
}

TEST_CASE("a place that is set aside counts, and counts no more when it is given up",
          "[runtime][unit]") {
  memory_queue q(with_total(1));
  auto a = q.sender(0);
  auto b = q.sender(1);
  reserve(a, "never");
  CHECK(q.send(b, "b") == outcome::full);
  switch (GENERATE(0, 1, 2)) {
    case 0:
      a.give_up();
      break;
    case 1: {  // the next send has it
      CHECK(q.send(a, "a") == outcome::done);
      auto taker = q.receiver(2);
      CHECK(q.receive(taker) == "a");
      break;
    }
    default:  // a forward of nothing
      a.drop_staged();
      a.give_up();
  }
  CHECK(q.send(b, "b") == outcome::done);
  CHECK(trouble(q).empty());
}

TEST_CASE("a payload that finds no room leaves no claim", "[runtime][unit]") {
  auto shape = with_total(2);
  shape.payload_bytes = 4096;
  memory_queue q(shape);
  auto a = q.sender(0);
  REQUIRE(q.send(a, std::string(3000, 'x')) == outcome::done);
  CHECK(q.send(a, std::string(3000, 'y')) == outcome::full);
  CHECK(free_credits(q) == 1);
  auto b = q.sender(1);
  REQUIRE(q.send(b, "b") == outcome::done);
  // The other way round: no credit, and the block is the sender's again.
  CHECK(q.send(b, std::string(3000, 'z')) == outcome::full);
  auto taker = q.receiver(2);
  REQUIRE(q.receive(taker) != "nothing");
  CHECK(q.send(b, std::string(3000, 'z')) == outcome::done);
}

TEST_CASE("every end of a message frees its credit", "[runtime][unit]") {
  auto shape = with_total(1);
  shape.max_deliveries = 1;
  scene s(shape);
  list_graveyard graves;
  SECTION("acknowledged") {
    auto held = s.dead_takes("m");
    core::acknowledge(s.q.view(), held);
  }
  SECTION("rejected and buried") {
    auto held = s.dead_takes("m");
    core::set_aside(s.q.view(), held);
    CHECK(s.q.send(s.source, "poison counts") == outcome::full);
    const core::attendance where{&s.q.view(), 1, &graves};
    core::bury_again(where);
  }
  SECTION("dropped") {
    REQUIRE(s.q.send(s.source, "m") == outcome::done);
    REQUIRE(s.source.drop_oldest());
  }
  SECTION("buried by a recovery") {
    REQUIRE(s.q.send(s.source, "m") == outcome::done);
    REQUIRE(s.q.take(s.dead));
    s.q.recover(1, death(7, true), &graves);
  }
  CHECK(free_credits(s.q) == 1);
  CHECK(s.q.send(s.source, "next") == outcome::done);
}

TEST_CASE("a message that a close took back frees its credit", "[runtime][unit]") {
  memory_queue q(with_total(1));
  auto a = q.sender(0);
  core::place p;
  REQUIRE(a.reserve(1, p) == outcome::done);
  core::close(q.view());
  REQUIRE(a.publish(p) == outcome::closed);
  CHECK(free_credits(q) == 1);
}

// The word of a place that was stepped over is older than the message that comes next.
TEST_CASE("a claim of a place that was stepped over holds", "[runtime][unit]") {
  memory_queue q(with_total(2));
  auto a = q.sender(0);
  auto b = q.sender(1);
  auto taker = q.receiver(2);
  REQUIRE(q.send(a, "slow") == outcome::done);
  const auto slow = q.take(taker);
  REQUIRE(slow);
  // Past its place once, and up to it again after it is free.
  const std::uint32_t slots = q.view().ring_slots();
  for (std::uint32_t n = 0; n < slots; ++n) {
    REQUIRE(q.send(a, "turn") == outcome::done);
    REQUIRE(q.receive(taker) == "turn");
  }
  core::acknowledge(q.view(), *slow);
  while (core::index_of(a.staged_first()) != core::index_of(slow->position)) {
    REQUIRE(q.send(a, "turn") == outcome::done);
    REQUIRE(q.receive(taker) == "turn");
  }
  REQUIRE(q.send(b, "b") == outcome::done);
  const core::position at = reserve(a, "a");
  REQUIRE(q.word(0, core::index_of(at)).lap() != core::lap_of(at));
  CHECK(q.send(b, "one too many") == outcome::full);
  CHECK(trouble(q).empty());
  // And its sender's recovery finds it.
  q.recover(0);
  CHECK(free_credits(q) == 1);
}

TEST_CASE("a dead sender's claims are free after its recovery, its messages' are not",
          "[runtime][unit]") {
  memory_queue q(with_total(4));
  auto a = q.sender(0);
  auto b = q.sender(1);
  REQUIRE(q.send(a, "stays") == outcome::done);
  reserve(b, "alive");
  SECTION("killed in a send") { reserve(a, "never"); }
  SECTION("killed in a forward") {
    REQUIRE(q.stage(a, "r0") == outcome::done);
    REQUIRE(q.stage(a, "r1") == outcome::done);
    a.seal_staged();
  }
  q.recover(0);
  q.recover(0);
  const auto now = count_credits(q.view(), {&q.view()});
  CHECK(now.messages == 1);
  CHECK(now.claims == 1);
  CHECK(now.free == 2);
  auto next = q.sender(0);
  CHECK(q.send(next, "x") == outcome::done);
  CHECK(q.send(next, "y") == outcome::done);
  CHECK(q.send(next, "z") == outcome::full);
}

TEST_CASE("a forward into the queue of its input has the input's credit", "[runtime][unit]") {
  memory_queue q(with_total(3));
  auto source = q.sender(0);
  auto lane = q.sender(1);
  auto taker = q.receiver(1);
  for (const char* text : {"a", "b", "c"}) REQUIRE(q.send(source, text) == outcome::done);
  for (int n = 0; n < 100; ++n) {
    const auto input = q.take(taker);
    REQUIRE(input);
    CHECK_FALSE(lane.has_room(1, 4));
    lane.inherit(input->lane, input->position);
    REQUIRE(lane.has_room(1, 4));
    CHECK_FALSE(lane.has_room(2, 4));
    REQUIRE(q.forward(*input, lane, {"r"}, 4) == outcome::done);
    REQUIRE(trouble(q).empty());
    REQUIRE(q.send(source, "one too many") == outcome::full);
  }
  while (q.receive(taker) != "nothing") {
  }
  CHECK(free_credits(q) == 3);
}

TEST_CASE("results beyond the inputs need credits of their own", "[runtime][unit]") {
  memory_queue q(with_total(4));
  auto source = q.sender(0);
  auto lane = q.sender(1);
  auto taker = q.receiver(1);
  for (const char* text : {"a", "b"}) REQUIRE(q.send(source, text) == outcome::done);
  const core::forward_input inputs[] = {{&q.view(), *q.take(taker)}, {&q.view(), *q.take(taker)}};
  const std::size_t results = GENERATE(0u, 1u, 2u, 3u, 4u);
  for (const auto& in : inputs) lane.inherit(in.held.lane, in.held.position);
  REQUIRE(lane.has_room(results));
  for (std::size_t n = 0; n < results; ++n) REQUIRE(q.stage(lane, "r") == outcome::done);
  const bool closed = GENERATE(false, true);
  if (closed) core::close(q.view());
  const core::forward_output outputs[] = {{&lane, results}};
  const auto ended = core::forward(inputs, outputs, q.view().seat(1).records[0], 1);
  CHECK(ended == (closed ? outcome::closed : outcome::done));
  CHECK(trouble(q).empty());
  CHECK(free_credits(q) == 4 - (closed ? 2 : results));
}

TEST_CASE("what a forward that finds no room had claimed is free again", "[runtime][unit]") {
  memory_queue q(with_total(3));
  auto source = q.sender(0);
  auto lane = q.sender(1);
  REQUIRE(q.send(source, "x") == outcome::done);
  REQUIRE(q.stage(lane, "r0") == outcome::done);
  REQUIRE(q.stage(lane, "r1") == outcome::done);
  CHECK(q.stage(lane, "r2") == outcome::full);
  CHECK(free_credits(q) == 0);
  const core::parked_set senders(q.view(), core::side::senders);
  senders.announce(0);
  senders.announce(2);
  os_calls::reset();
  lane.drop_staged();
  CHECK(free_credits(q) == 2);
  CHECK(os_calls::woken.size() == 2);
}

TEST_CASE("a place that becomes free wakes the sleeping senders of every lane", "[runtime][unit]") {
  memory_queue q(with_total(2, 4, 200));
  auto a = q.sender(0);
  auto b = q.sender(150);
  auto taker = q.receiver(3);
  REQUIRE(q.send(a, "a") == outcome::done);
  REQUIRE(q.send(b, "b") == outcome::done);
  const core::parked_set senders(q.view(), core::side::senders);
  for (const std::uint32_t seat : {0u, 70u, 199u}) senders.announce(seat);
  os_calls::reset();
  switch (GENERATE(0, 1, 2, 3)) {
    case 0:
      REQUIRE(q.receive(taker) == "a");
      break;
    case 1:
      REQUIRE(a.drop_oldest());
      break;
    case 2:
      q.recover(5);
      break;
    default:  // a claim that is given up
      REQUIRE(q.receive(taker) == "a");
      for (const std::uint32_t seat : {0u, 70u, 199u}) senders.announce(seat);
      reserve(a, "never");
      os_calls::reset();
      a.give_up();
  }
  for (const std::uint32_t seat : {0u, 70u, 199u}) {
    CHECK(std::count(os_calls::woken.begin(), os_calls::woken.end(), &senders.park_word(seat)) ==
          1);
  }
  CHECK(q.view().header().signs.parked_senders == 0);
}

TEST_CASE("a credit that names no place of the queue makes it corrupt", "[runtime][unit]") {
  memory_queue q(with_total(2));
  auto a = q.sender(0);
  const auto bad = GENERATE(core::credit_name::of(3, 0).bits,
                            core::credit_name::of(0, core::make_position(0, 12)).bits);
  for (std::uint32_t n = 0; n < 2; ++n) q.view().credit_at(n).name = bad;
  CHECK(q.send(a, "x") == outcome::full);
  CHECK(q.view().header().signs.corrupt == 1);
}

TEST_CASE("a total is bounded and costs room only where it is set", "[runtime][unit]") {
  auto shape = small(4);
  const core::queue_layout without(shape);
  CHECK(without.credits_offset == without.seats_offset);
  shape.total = core::total_max;
  CHECK(core::bad_shape(shape) == nullptr);
  const core::queue_layout with(shape);
  CHECK(with.seats_offset - with.credits_offset == std::size_t{8} << 20);
  CHECK(with.slot_credits_offset + with.ring_slots * 4 <= with.lane_bytes);
  shape.total = core::total_max + 1;
  CHECK(std::string(core::bad_shape(shape)) == "total is above 1048576; 0 means no bound");
}
