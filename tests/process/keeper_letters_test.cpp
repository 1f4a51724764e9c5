#include <signal.h>

#include <memory>

#include "core/closing.hpp"
#include "core/letters.hpp"
#include "os/segment.hpp"
#include "process/keeper_support/desk.hpp"
#include "support/catch.hpp"

using namespace bulkhead;
using core::slot_state;

namespace {

core::queue_shape shape_of(std::uint32_t capacity, std::uint32_t max_attempts) {
  core::queue_shape shape;
  shape.capacity = capacity;
  shape.participants = 2;
  shape.max_attempts = max_attempts;
  shape.payload_bytes = 1 << 20;
  return shape;
}

os::unique_fd segment_of(const core::queue_shape& shape, std::uint64_t id) {
  os::unique_fd segment = os::make_segment("letters-test", core::queue_layout(shape).total_bytes);
  const os::mapping header(segment.get(), 0, core::page_bytes, os::access::read_write);
  core::format_queue(header.data(), shape, id);
  reinterpret_cast<core::queue_header*>(header.data())->seats_used = 2;
  return segment;
}

/// A queue and its dead letters in this process: it is keeper, sender, taker and reader in turn.
struct graveyard_fixture {
  os::unique_fd queue_segment = segment_of(shape_of(16, 1), 1);
  os::unique_fd letters_segment = segment_of(shape_of(letters_capacity, 0), 2);
  core::platform platform = os::make_platform();
  os::queue_memory queue{queue_segment.duplicate(), platform, os::queue_memory::role::keeper};
  os::queue_memory letters{letters_segment.duplicate(), platform, os::queue_memory::role::keeper};
  bulkhead_test::desk sender{queue_segment.duplicate(), 0};
  bulkhead_test::desk taker{queue_segment.duplicate(), 1};
  bulkhead_test::desk reader{letters_segment.duplicate(), 1};
  std::unique_ptr<core::letter_writer> writer;

  static constexpr std::uint32_t letters_capacity = 3;

  graveyard_fixture() { letters.own_seat(0); }

  /// A keeper that was killed is followed by another: a new writer, on the same memory.
  core::recovery_report recover() {
    writer = std::make_unique<core::letter_writer>(queue.view(), queue, letters.view(), letters);
    const core::attendance where{&queue.view(), 1, writer.get()};
    core::casualty dead;
    dead.serial = 9;
    dead.own_doing = true;
    dead.note.signal = SIGSEGV;
    struct final_finder final : core::queue_finder {
      const core::queue_view* find(std::uint64_t) override { return nullptr; }
    } none;
    return core::recover({&where, 1}, dead, none);
  }
  core::slot& slot(std::uint32_t index) { return queue.view().slot_at(0, index); }
  core::letter_place& claim(std::uint32_t index) { return queue.view().letter_of(0, index); }
  int read_all() {
    int count = 0;
    while (const auto l = reader.take()) {
      reader.acknowledge(*l);
      ++count;
    }
    return count;
  }
};

}  // namespace

TEST_CASE_METHOD(graveyard_fixture, "a repeated recovery writes no second letter",
                 "[core][crash]") {
  REQUIRE(sender.send(1));
  const auto l = taker.take();
  REQUIRE(l);
  CHECK(recover().buried == 1);
  // Killed between the letter and the slot's release; perhaps somebody read the letter meanwhile.
  slot(0).store(l->word.with(slot_state::burying), std::memory_order_relaxed);
  const bool read_meanwhile = GENERATE(false, true);
  int letters_read = read_meanwhile ? read_all() : 0;
  CHECK(recover().buried == 1);
  letters_read += read_all();
  CHECK(letters_read == 1);
  CHECK(slot(0).load(std::memory_order_relaxed).is(slot_state::free));
}

TEST_CASE_METHOD(graveyard_fixture, "a claim whose letter was never written is no letter",
                 "[core][crash]") {
  REQUIRE(sender.send(1));
  REQUIRE(sender.send(2));
  const auto first = taker.take();
  const auto second = taker.take();
  REQUIRE((first && second));
  // The writer claimed the first place for the second message and was killed; then the first
  // message takes that place.
  claim(1).at = 0;
  claim(1).claimed_for = second->word.lap() + 1;
  slot(1).store(second->word.with(slot_state::burying), std::memory_order_relaxed);
  CHECK(recover().buried == 2);
  CHECK(read_all() == 2);
}

TEST_CASE_METHOD(graveyard_fixture, "the next message in a place has a letter of its own",
                 "[core][crash]") {
  const int ring = static_cast<int>(queue.view().ring_slots());
  int letters_read = 0;
  for (int n = 0; n < ring + 1; ++n) {
    REQUIRE(sender.send(static_cast<std::uint64_t>(n)));
    REQUIRE(taker.take());
    REQUIRE(recover().buried == 1);
    letters_read += read_all();
  }
  CHECK(letters_read == ring + 1);
}

TEST_CASE_METHOD(graveyard_fixture, "a message that finds the letters full is buried later, once",
                 "[core][crash]") {
  for (std::uint64_t n = 0; n < letters_capacity + 2; ++n) {
    REQUIRE(sender.send(n));
    REQUIRE(taker.take());
  }
  const auto report = recover();
  CHECK((report.buried == letters_capacity && report.stuck == 2));
  CHECK(slot(letters_capacity).load(std::memory_order_relaxed).is(slot_state::poison));
  CHECK(read_all() == letters_capacity);
  CHECK(core::bury_again({&queue.view(), 1, writer.get()}).buried == 2);
  CHECK(read_all() == 2);
}

TEST_CASE_METHOD(graveyard_fixture, "a close of the letters keeps none out", "[core][crash]") {
  REQUIRE(sender.send(1));
  REQUIRE(taker.take());
  core::close(letters.view());
  CHECK(recover().buried == 1);
  CHECK(recover().buried == 0);
  CHECK(read_all() == 1);
}

TEST_CASE_METHOD(graveyard_fixture,
                 "a message that names bytes outside its area is corrupt, not read",
                 "[core][crash]") {
  REQUIRE(sender.send(std::vector<std::byte>(1000)));
  REQUIRE(taker.take());
  const std::uint64_t far = std::uint64_t{1} << 60;
  std::memcpy(slot(0).payload, &far, sizeof far);
  CHECK(recover().stuck == 1);
  CHECK(queue.view().header().signs.corrupt.load() != 0);
}
