#include <array>
#include <bulkhead/detail/block_port.hpp>
#include <limits>

#include "support/catch.hpp"

// A port with places and what they keep, without a queue behind it.

namespace bulkhead::detail {
namespace {

constexpr std::uint64_t bytes = 1024;
constexpr std::size_t places = 4;

struct out_scene {
  out_scene() {
    port.gate.give_to(this_thread_mark());
    port.set_room(places);
    port.inline_bytes = 48;
    port.end = slots.data() + slots.size();
    port.stride = 64;
    port.signs = &signs;
    port.blocks_end = blocks.data() + places;
    port.payload = area.data();
    for (std::size_t n = 0; n < places; ++n) blocks[n] = payload_block(n * bytes, bytes);
  }

  /// @returns where the block lies that the next loan gets; nowhere: the port has none.
  std::uint64_t lend() {
    std::byte* at = nullptr;
    lent = lend_block(port, bytes, at);
    if (!lent.is_there()) return nowhere;
    CHECK(at == area.data() + lent.offset());
    return lent.offset();
  }

  static constexpr std::uint64_t nowhere = std::numeric_limits<std::uint64_t>::max();

  queue_signs signs{};
  alignas(64) std::array<std::byte, places * 64> slots{};
  std::array<payload_block, places> blocks;
  std::array<std::byte, places * bytes> area{};
  queue_out_port port;
  payload_block lent;
};

}  // namespace

TEST_CASE("a loan takes the next place's block, and its send puts it there", "[block_port]") {
  out_scene s;
  REQUIRE(s.lend() == 0);
  CHECK_FALSE(s.blocks[0].is_there());
  REQUIRE(put_block(s.port, s.lent));
  CHECK(s.blocks[0].offset() == 0);
  CHECK(s.blocks[0].is_used());
  CHECK_FALSE(publish_put(s.port, s.blocks[0], bytes, 0));
  CHECK(s.port.room() == places - 1);
}

TEST_CASE("a second loan takes a later place's block, and both are sent in any order",
          "[block_port]") {
  out_scene s;
  REQUIRE(s.lend() == 0);
  const payload_block first = s.lent;
  REQUIRE(s.lend() == bytes);
  REQUIRE(put_block(s.port, s.lent));
  CHECK(s.blocks[0].offset() == bytes);
  CHECK_FALSE(publish_put(s.port, s.lent, bytes, 0));
  REQUIRE(put_block(s.port, first));
  CHECK(s.blocks[1].offset() == 0);
}

TEST_CASE("where another send used the loan's place, the next place changes blocks with it",
          "[block_port]") {
  out_scene s;
  REQUIRE(s.lend() == 0);
  s.blocks[0] = payload_block(1 * bytes, bytes);
  s.blocks[1] = {};
  REQUIRE(put_block(s.port, s.lent));
  CHECK(s.blocks[0].offset() == 0);
  CHECK(s.blocks[1].offset() == bytes);  // nothing is lost
  CHECK_FALSE(s.blocks[1].is_used());
}

TEST_CASE("without a place that keeps nothing a loan is sent the slow way", "[block_port]") {
  out_scene s;
  CHECK_FALSE(put_block(s.port, payload_block(0, bytes)));
  CHECK(s.blocks[0].offset() == 0);
  CHECK_FALSE(s.blocks[0].is_used());
  s.port.set_room(0);
  CHECK_FALSE(put_block(s.port, payload_block(0, bytes)));
  CHECK(s.lend() == out_scene::nowhere);
}

TEST_CASE("a block that does not fit is left where it is", "[block_port]") {
  out_scene s;
  s.blocks[0] = payload_block(0, 64);
  CHECK(s.lend() == bytes);
  CHECK(s.blocks[0].is_there());
}

TEST_CASE("only bytes that lie in the lane's area are a message's", "[block_port]") {
  struct {
    queue_place head{};
    std::array<std::byte, 48> more{};
  } slot;
  std::array<std::byte, 4 * bytes> area{};
  queue_in_port port;
  port.area = area.data();
  port.area_bytes = area.size();
  port.inline_bytes = 48;
  const auto look = [&](std::uint64_t size, std::uint64_t offset) {
    slot.head.meta = size << 32;
    std::memcpy(slot.head.payload, &offset, sizeof offset);
    return bytes_by_port(port, slot.head);
  };
  CHECK(look(48, 0).data() == slot.head.payload);
  CHECK(look(48, 0).size() == 48);
  CHECK(look(bytes, bytes).data() == area.data() + bytes);
  CHECK(look(bytes, 3 * bytes).size() == bytes);
  CHECK(look(bytes, 3 * bytes + 1).data() == nullptr);
  CHECK(look(bytes, std::numeric_limits<std::uint64_t>::max()).data() == nullptr);
  CHECK(look(0xffff'ffff, 0).data() == nullptr);
  port.area = nullptr;
  CHECK(look(bytes, 0).data() == nullptr);
}

}  // namespace bulkhead::detail
