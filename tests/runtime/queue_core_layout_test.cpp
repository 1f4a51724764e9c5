#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;

TEST_CASE("the parts of a segment follow one another and do not overlap", "[runtime][unit]") {
  auto shape = small(1000, 7);
  shape.payload_bytes = 100'000;
  const core::queue_layout l(shape);
  CHECK(l.ring_slots > shape.capacity);
  CHECK(l.seats_offset >= sizeof(core::queue_header));
  CHECK(l.lanes_offset == l.seats_offset + 7 * l.seat_bytes);
  CHECK(l.deaths_offset == l.lanes_offset + 7 * l.lane_bytes);
  CHECK(l.faults_offset >= l.deaths_offset + sizeof(core::death_log));
  CHECK(l.fault_bytes >= l.letters_offset + l.ring_slots * sizeof(core::letter_place));
  CHECK(l.payload_offset == l.faults_offset + 7 * l.fault_bytes);
  CHECK(l.total_bytes == l.payload_offset + 7 * l.payload_bytes);
  CHECK(l.payload_bytes >= 100'000);
  CHECK(l.lane_bytes >= sizeof(core::lane_header) + l.ring_slots * l.slot_bytes);
  CHECK(l.payload_offset % core::page_bytes == 0);
}

TEST_CASE("a shape that no queue can have is refused in words", "[runtime][unit]") {
  REQUIRE(core::bad_shape(small(4)) == nullptr);
  using shape = core::queue_shape;
  const auto spoil = GENERATE(
      +[](shape& s) { s.capacity = 0; },
      +[](shape& s) { s.capacity = core::ring_slots_max / 2 + 1; },
      +[](shape& s) { s.participants = 0; }, +[](shape& s) { s.participants = 4097; },
      +[](shape& s) { s.inline_bytes = 12; }, +[](shape& s) { s.inline_bytes = 0; },
      +[](shape& s) { s.inline_bytes = 0xffff'fff8; },
      +[](shape& s) { s.payload_bytes = (std::uint64_t{1} << 32) + 1; },
      +[](shape& s) { s.max_deliveries = 63; }, +[](shape& s) { s.max_attempts = 1001; });
  shape s = small(4);
  spoil(s);
  CHECK(core::bad_shape(s) != nullptr);
}

TEST_CASE("the largest shape adds up without overflow", "[runtime][unit]") {
  core::queue_shape s = small(core::ring_slots_max / 2, core::seats_max);
  s.inline_bytes = core::inline_bytes_max;
  s.payload_bytes = std::uint64_t{1} << 32;
  REQUIRE(core::bad_shape(s) == nullptr);
  const core::queue_layout l(s);
  CHECK(l.ring_slots <= core::ring_slots_max);
  CHECK(l.total_bytes > l.payload_offset);
  CHECK(l.payload_offset > l.lanes_offset);
  CHECK(l.total_bytes / core::seats_max > (std::uint64_t{1} << 32));
}

TEST_CASE("a segment is taken for a queue only when its header says so and it is long enough",
          "[runtime][unit]") {
  const auto shape = small(4);
  memory_queue q(shape);
  auto* base = reinterpret_cast<std::byte*>(&q.view().header());
  const std::size_t bytes = core::queue_layout(shape).total_bytes;
  core::queue_shape out;
  REQUIRE(core::read_shape(base, bytes, out) == nullptr);
  CHECK(out == shape);
  SECTION("too short for a header") { CHECK(core::read_shape(base, 100, out) != nullptr); }
  SECTION("too short for its shape") { CHECK(core::read_shape(base, bytes - 1, out) != nullptr); }
  SECTION("no magic") {
    q.view().header().magic = 0;
    CHECK(core::read_shape(base, bytes, out) != nullptr);
  }
  SECTION("another format") {
    q.view().header().format = core::queue_format + 1;
    CHECK(core::read_shape(base, bytes, out) != nullptr);
  }
  SECTION("a bad shape") {
    q.view().header().shape.capacity = 0;
    CHECK(core::read_shape(base, bytes, out) != nullptr);
  }
}
