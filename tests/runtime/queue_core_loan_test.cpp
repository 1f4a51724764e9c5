#include "core/place_blocks.hpp"
#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;
using core::payload_block;

namespace {

core::queue_shape with_payload(std::uint32_t capacity, std::uint64_t bytes) {
  auto shape = small(capacity);
  shape.payload_bytes = bytes;
  return shape;
}

// Lends, fills and sends as one; the message begins after `lead` bytes.
outcome send_lent(memory_queue& q, core::producer& lane, const std::string& text,
                  std::size_t lead = 0) {
  payload_block block;
  std::byte* at = nullptr;
  if (const auto lent = lane.lend_block(text.size() + lead, block, at); lent != outcome::done)
    return lent;
  std::memcpy(at + lead, text.data(), text.size());
  core::place p;
  const auto found = lane.reserve_lent(block, text.size(), lead, p);
  if (found == outcome::done) return lane.publish(p);
  lane.give_back(block);
  static_cast<void>(q);
  return found;
}

}  // namespace

TEST_CASE("a block that is larger than needed by a quarter fits, a larger one does not",
          "[runtime][unit]") {
  const payload_block block{0, 1024};  // 1024 bytes
  CHECK(block.fits(1024));
  CHECK_FALSE(block.fits(1025));
  CHECK(block.fits(800));
  CHECK_FALSE(block.fits(700));
  CHECK_FALSE(payload_block().fits(0));
}

TEST_CASE("a place keeps its block for the next message there", "[runtime][unit]") {
  core::place_blocks blocks(4096, 4);
  CHECK_FALSE(blocks.any());
  REQUIRE(blocks.provide(2, 1000));
  const std::uint64_t first = blocks.at(2).offset();
  blocks.use(2, true);
  blocks.use(2, false);
  REQUIRE(blocks.provide(2, 900));
  CHECK(blocks.at(2).offset() == first);
  REQUIRE(blocks.provide(2, 2000));
  CHECK(blocks.at(2).bytes() == 2048);
}

TEST_CASE("idle blocks are taken back, used and lent ones are not", "[runtime][unit]") {
  core::place_blocks blocks(4096, 4);
  REQUIRE(blocks.provide(0, 1024));
  REQUIRE(blocks.provide(1, 1024));
  blocks.use(1, true);
  const payload_block lent = blocks.take(1024);
  REQUIRE(lent.is_there());
  CHECK_FALSE(blocks.take(2048).is_there());
  blocks.reclaim();
  CHECK_FALSE(blocks.at(0).is_there());
  CHECK(blocks.at(1).is_there());
  CHECK_FALSE(blocks.take(2048).is_there());
  CHECK_FALSE(blocks.take_from(1, 1024).is_there());
  blocks.give_back(lent);
  CHECK(blocks.take(2048).is_there());
}

TEST_CASE("lent blocks and the messages between them never overlap", "[runtime][unit]") {
  memory_queue q(with_payload(4, 4096));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  for (int turn = 0; turn < 50; ++turn) {
    const std::string a(500, static_cast<char>('a' + turn % 26));
    const std::string b(600, static_cast<char>('A' + turn % 26));
    payload_block block;
    std::byte* at = nullptr;
    REQUIRE(lane.lend_block(b.size(), block, at) == outcome::done);
    std::memcpy(at, b.data(), b.size());
    REQUIRE(q.send(lane, a) == outcome::done);
    REQUIRE(send_lent(q, lane, a, 12) == outcome::done);
    core::place p;
    REQUIRE(lane.reserve_lent(block, b.size(), 0, p) == outcome::done);
    REQUIRE(lane.publish(p) == outcome::done);
    CHECK(q.receive(taker) == a);
    CHECK(q.receive(taker) == a);
    CHECK(q.receive(taker) == b);
  }
}

TEST_CASE("what messages need bounds them, not what places keep", "[runtime][unit]") {
  memory_queue q(with_payload(16, 4096));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  for (int n = 0; n < 16; ++n) {
    REQUIRE(q.send(lane, std::string(200, 'x')) == outcome::done);
    CHECK(q.receive(taker) == std::string(200, 'x'));
  }
  for (int n = 0; n < 8; ++n) REQUIRE(q.send(lane, std::string(512, 'y')) == outcome::done);
  CHECK(q.send(lane, std::string(512, 'y')) == outcome::full);
  CHECK(send_lent(q, lane, "z") == outcome::full);
  CHECK(send_lent(q, lane, std::string(5000, 'z')) == outcome::too_large);
  CHECK(q.receive(taker) == std::string(512, 'y'));
  CHECK(send_lent(q, lane, std::string(500, 'z')) == outcome::done);
  // A whole area's message does without a lead.
  for (int n = 0; n < 7; ++n) CHECK(q.receive(taker) == std::string(512, 'y'));
  CHECK(q.receive(taker) == std::string(500, 'z'));
  core::place p;
  CHECK(lane.reserve(4096, p, 12) == outcome::done);
}

TEST_CASE("who takes a lane over keeps clear of lent messages, and has what was only lent",
          "[runtime][unit]") {
  memory_queue q(with_payload(4, 4096));
  const std::string text(900, 'm');
  {
    auto lane = q.sender(0);
    REQUIRE(send_lent(q, lane, text, 12) == outcome::done);
    payload_block lost;
    std::byte* at = nullptr;
    REQUIRE(lane.lend_block(2000, lost, at) == outcome::done);
  }
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  const auto held = q.take(taker);
  REQUIRE(held);
  REQUIRE(q.send(lane, std::string(3000, 'n')) == outcome::done);
  CHECK(q.text(*held) == text);
  CHECK(q.send(lane, std::string(200, 'o')) == outcome::full);
  core::acknowledge(q.view(), *held);
  CHECK(q.send(lane, std::string(900, 'o')) == outcome::done);
}

// A place keeps its block when its message is settled.
TEST_CASE("who takes a lane over lends no block before it has its own area", "[runtime][unit]") {
  memory_queue q(with_payload(4, 64 * 1024));
  auto taker = q.receiver(1);
  {
    auto dead = q.sender(0);
    for (int n = 0; n < 4; ++n) REQUIRE(q.send(dead, std::string(200, 'x')) == outcome::done);
  }
  auto lane = q.sender(0);
  for (int n = 0; n < 4; ++n) REQUIRE(q.receive(taker) == std::string(200, 'x'));
  for (int n = 0; n < 40; ++n) {
    bulkhead::detail::queue_out_port port;
    lane.lend(port);
    CHECK((port.blocks_end == nullptr || port.payload != nullptr));
    lane.take_back(port);
    REQUIRE(q.send(lane, "small") == outcome::done);
    REQUIRE(q.receive(taker) == "small");
  }
}

TEST_CASE("lending for small messages uses nothing up", "[runtime][unit]") {
  memory_queue q(with_payload(4, 64 * 1024));
  auto taker = q.receiver(1);
  {
    auto dead = q.sender(0);
    REQUIRE(q.send(dead, std::string(200, 'x')) == outcome::done);
  }
  auto lane = q.sender(0);
  REQUIRE(q.receive(taker) == std::string(200, 'x'));
  for (int n = 0; n < 2000; ++n) {
    bulkhead::detail::queue_out_port port;
    lane.lend(port);
    lane.take_back(port);
    REQUIRE(q.send(lane, "small") == outcome::done);
    REQUIRE(q.receive(taker) == "small");
  }
  CHECK(q.send(lane, std::string(60 * 1024, 'y')) == outcome::done);
}

TEST_CASE("a lane without memory lends nothing, and loses nothing by it", "[runtime][unit]") {
  memory_queue q(with_payload(4, 4096));
  auto lane = q.sender(0);
  q.payload().memory = 0;
  for (int n = 0; n < 10; ++n) {
    CHECK(send_lent(q, lane, std::string(3000, 'x')) == outcome::no_memory);
    CHECK(q.send(lane, std::string(3000, 'x')) == outcome::no_memory);
  }
  q.payload().memory = 4096;
  CHECK(send_lent(q, lane, std::string(3000, 'x')) == outcome::done);
}
