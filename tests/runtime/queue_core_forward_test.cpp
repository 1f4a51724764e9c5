#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;

namespace {

// One message in seat 1's hand; seat 0 sent it.
struct hand {
  explicit hand(std::uint32_t capacity = 4)
      : q(small(capacity, 3)), source(q.sender(0)), stage(q.sender(1)), taker(q.receiver(1)) {
    REQUIRE(q.send(source, "in") == outcome::done);
    input = *q.take(taker);
  }
  memory_queue q;
  core::producer source, stage;
  core::consumer taker;
  core::lease input;
};

bool record_is_empty(const core::queue_view& q, std::uint32_t seat) {
  return q.seat(seat).records[0].state == core::record_state::empty;
}

}  // namespace

TEST_CASE("forward settles its input and makes all results visible, in order", "[runtime][unit]") {
  hand h;
  const std::size_t results = GENERATE(0u, 1u, 2u, 4u);
  std::vector<std::string> texts;
  for (std::size_t n = 0; n < results; ++n) texts.push_back("r" + std::to_string(n));
  REQUIRE(h.q.forward(h.input, h.stage, texts) == outcome::done);
  CHECK(h.q.word(0, 0) == core::slot_word::make_free(1));
  CHECK(record_is_empty(h.q.view(), 1));
  CHECK(h.q.view().lane(1).forwarding == 0);
  CHECK(h.stage.sent() == results);
  auto late = h.q.receiver(2);
  for (const auto& text : texts) CHECK(h.q.receive(late) == text);
  CHECK(h.q.receive(late) == "nothing");
  CHECK(h.source.has_room(4));
}

TEST_CASE("staged results are invisible until the forward commits", "[runtime][unit]") {
  hand h;
  for (const char* text : {"r0", "r1"}) REQUIRE(h.q.stage(h.stage, text) == outcome::done);
  auto late = h.q.receiver(2);
  CHECK(h.q.receive(late) == "nothing");
  CHECK(h.q.receive(h.taker) == "nothing");
  h.stage.drop_staged();
  CHECK(h.stage.sent() == 0);
  REQUIRE(h.q.send(h.stage, "plain") == outcome::done);
  CHECK(h.q.receive(late) == "plain");
  CHECK(h.q.receive(late) == "nothing");
}

TEST_CASE("forward fills places around one that is still held", "[runtime][unit]") {
  hand h;
  auto sink = h.q.receiver(2);
  const std::uint32_t slots = h.q.view().ring_slots();
  const std::uint32_t between = GENERATE(0u, 1u, 2u);  // places before the held one
  REQUIRE(h.q.send(h.stage, "held") == outcome::done);
  const auto held = h.q.take(sink);
  for (std::uint32_t n = 0; n < slots - 1 - between; ++n) {
    REQUIRE(h.q.send(h.stage, "turn") == outcome::done);
    REQUIRE(h.q.receive(sink) == "turn");
  }
  REQUIRE(h.q.forward(h.input, h.stage, {"r0", "r1", "r2"}) == outcome::done);
  const auto old = h.q.receiver(1);
  auto warm = sink;
  for (const char* text : {"r0", "r1", "r2", "nothing"}) CHECK(h.q.receive(warm) == text);
  core::acknowledge(h.q.view(), *held);
  REQUIRE(h.q.send(h.stage, "after") == outcome::done);
  CHECK(h.q.receive(warm) == "after");
}

TEST_CASE("a lane that is too full takes no result", "[runtime][unit]") {
  hand h;
  for (int n = 0; n < 3; ++n) REQUIRE(h.q.send(h.stage, "x") == outcome::done);
  CHECK_FALSE(h.stage.has_room(2));
  CHECK(h.q.stage(h.stage, "r0") == outcome::done);
  CHECK(h.q.stage(h.stage, "r1") == outcome::full);
  h.stage.drop_staged();
  CHECK(h.stage.has_room(1));
}

TEST_CASE("the place that an own-lane input frees counts as free for its results",
          "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(0);
  for (const char* text : {"a", "b", "c", "d"}) REQUIRE(q.send(lane, text) == outcome::done);
  CHECK_FALSE(lane.has_room(1));
  for (int n = 0; n < 50; ++n) {
    const auto l = q.take(taker);
    REQUIRE(l);
    REQUIRE(q.forward(*l, lane, {q.text(*l) + "'"}, 1) == outcome::done);
    REQUIRE_FALSE(lane.has_room(1));
  }
  CHECK(q.receive(taker).substr(0, 1) == "c");
  CHECK(lane.has_room(1));
}

TEST_CASE("credit beyond the ring is no room, and room that comes back is seen",
          "[runtime][unit]") {
  memory_queue q(small(16));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  for (int n = 0; n < 16; ++n) REQUIRE(q.send(lane, "x") == outcome::done);
  CHECK_FALSE(lane.has_room(8, 16));  // 24 slots, one stays free
  CHECK(lane.has_room(7, 16));
  for (int n = 0; n < 16; ++n) REQUIRE(q.receive(taker) == "x");
  CHECK(lane.has_room(16, 16));
}

TEST_CASE("a closed output refuses the forward and the lease is kept", "[runtime][unit]") {
  hand h;
  core::close(h.q.view());
  CHECK(h.q.forward(h.input, h.stage, {"r0", "r1"}) == outcome::closed);
  CHECK(h.q.word(0, 0) == h.input.word);
  CHECK(record_is_empty(h.q.view(), 1));
  CHECK(h.q.view().lane(1).forwarding == 0);
  CHECK(h.stage.sent() == 0);
  auto late = h.q.receiver(2);
  CHECK(h.q.receive(late) == "nothing");
  core::release(h.q.view(), h.input);
  CHECK(h.q.receive(late) == "in");
}

TEST_CASE("several inputs of several lanes become one result", "[runtime][unit]") {
  memory_queue q(small(4, 3));
  auto a = q.sender(0);
  auto b = q.sender(1);
  auto lane = q.sender(2);
  auto taker = q.receiver(2);
  REQUIRE(q.send(a, "a") == outcome::done);
  REQUIRE(q.send(b, "b") == outcome::done);
  const core::forward_input inputs[] = {{&q.view(), *q.take(taker)}, {&q.view(), *q.take(taker)}};
  REQUIRE(q.stage(lane, "a+b") == outcome::done);
  const core::forward_output outputs[] = {{&lane, 1}};
  REQUIRE(core::forward(inputs, outputs, q.view().seat(2).records[3], 8) == outcome::done);
  CHECK(q.receive(taker) == "a+b");
  CHECK(core::count_messages(q.view(), 2).held == 0);
}

TEST_CASE("one input becomes results in two queues", "[runtime][unit]") {
  memory_queue in(small(4), 1);
  memory_queue left(small(4), 2);
  memory_queue right(small(4), 3);
  auto source = in.sender(0);
  auto to_left = left.sender(1);
  auto to_right = right.sender(1);
  auto taker = in.receiver(1);
  REQUIRE(in.send(source, "x") == outcome::done);
  const core::forward_input inputs[] = {{&in.view(), *in.take(taker)}};
  REQUIRE(left.stage(to_left, "l") == outcome::done);
  REQUIRE(right.stage(to_right, "r1") == outcome::done);
  REQUIRE(right.stage(to_right, "r2") == outcome::done);
  const core::forward_output outputs[] = {{&to_left, 1}, {&to_right, 2}};
  auto& record = in.view().seat(1).records[0];
  SECTION("both open") {
    REQUIRE(core::forward(inputs, outputs, record, 1) == outcome::done);
    auto l = left.receiver(0);
    auto r = right.receiver(0);
    CHECK(left.receive(l) == "l");
    CHECK(right.receive(r) == "r1");
    CHECK(right.receive(r) == "r2");
  }
  SECTION("one closed: neither gets anything") {
    core::close(right.view());
    CHECK(core::forward(inputs, outputs, record, 1) == outcome::closed);
    auto l = left.receiver(0);
    CHECK(left.receive(l) == "nothing");
    CHECK(left.send(to_left, "later") == outcome::done);
    CHECK(left.receive(l) == "later");
  }
}

TEST_CASE("after a forward its results' receivers and its input's sender are woken",
          "[runtime][unit]") {
  hand h;
  const core::parked_set receivers(h.q.view(), core::side::receivers);
  const core::parked_set senders(h.q.view(), core::side::senders);
  receivers.announce(0);
  receivers.announce(2);
  senders.announce(0);
  REQUIRE(h.q.stage(h.stage, "r0") == outcome::done);
  REQUIRE(h.q.stage(h.stage, "r1") == outcome::done);
  const core::forward_input inputs[] = {{&h.q.view(), h.input}};
  const core::forward_output outputs[] = {{&h.stage, 2}};
  REQUIRE(core::forward(inputs, outputs, h.q.view().seat(1).records[0], 1) == outcome::done);
  core::wake_after_forward(inputs, outputs);
  CHECK(os_calls::woken.size() == 3);
  CHECK_FALSE(receivers.any());
  CHECK_FALSE(senders.any());
}

TEST_CASE("results that need blocks keep their bytes", "[runtime][unit]") {
  auto shape = small(8);
  shape.payload_bytes = 1 << 16;
  memory_queue q(shape);
  auto source = q.sender(0);
  auto lane = q.sender(1);
  auto taker = q.receiver(1);
  for (int n = 0; n < 40; ++n) {
    REQUIRE(q.send(source, std::string(3000, 's')) == outcome::done);
    const auto l = q.take(taker);
    const std::string big(5000, static_cast<char>('a' + n % 26));
    REQUIRE(q.forward(*l, lane, {big, "small", big + "!"}) == outcome::done);
    if (n % 7 == 0) lane = q.sender(1);
    CHECK(q.receive(taker) == big);
    CHECK(q.receive(taker) == "small");
    CHECK(q.receive(taker) == big + "!");
  }
}
