#include "core/fault_book.hpp"
#include "runtime/queue_core_scene.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;

TEST_CASE("what a dead process held is delivered again, marked, to a receiver that had passed it",
          "[runtime][unit]") {
  scene s;
  s.dead_takes("a");
  REQUIRE(s.q.send(s.source, "b") == outcome::done);
  REQUIRE(s.q.take(s.alive));
  const auto report = s.q.recover(1);
  CHECK(report.redelivered == 1);
  const auto again = s.q.take(s.alive);
  REQUIRE(again);
  CHECK(s.q.text(*again) == "a");
  CHECK(again->deliveries() == 2);
  CHECK(s.q.receive(s.alive) == "nothing");
}

TEST_CASE("what others hold and what waits is no business of a recovery", "[runtime][unit]") {
  scene s;
  REQUIRE(s.q.send(s.source, "a") == outcome::done);
  const auto mine = s.q.take(s.alive);
  REQUIRE(s.q.send(s.source, "b") == outcome::done);
  const auto report = s.q.recover(1);
  CHECK(report.redelivered == 0);
  CHECK(s.q.word(0, 0) == mine->word);
  CHECK(s.q.receive(s.alive) == "b");
  core::acknowledge(s.q.view(), *mine);
}

TEST_CASE("a recovery that is repeated changes nothing more", "[runtime][unit]") {
  scene s(bounded(3, 0));
  list_graveyard graves;
  s.dead_takes("a");
  s.q.recover(1, death(9, true), &graves);
  const auto once = s.q.word(0, 0);
  for (int n = 0; n < 5; ++n) s.q.recover(1, death(9, true), &graves);
  CHECK(s.q.word(0, 0) == once);
  CHECK(core::attempts_of(s.q.view().fault(0, 0), 0) == 1);
  CHECK(s.q.receive(s.alive) == "a");
  CHECK(s.q.receive(s.alive) == "nothing");
}

TEST_CASE("a forward that had not committed is forgotten and its input comes again",
          "[runtime][unit]") {
  scene s;
  auto stage = s.q.sender(1);
  const auto input = s.dead_takes("in");
  for (const char* text : {"r0", "r1"}) REQUIRE(s.q.stage(stage, text) == outcome::done);
  stage.seal_staged();
  s.q.view().slot_at(0, 0).store(input.word.with(core::slot_state::pinned),
                                 std::memory_order_release);
  auto& record = s.q.view().seat(1).records[5];
  const bool prepared = GENERATE(false, true);
  if (prepared) {
    record.input_count = record.output_count = 1;
    record.inputs[0] = {1, input.position, 0, 1};
    record.outputs[0] = {1, stage.staged_first(), stage.staged_end(), 1, 0};
    record.state = core::record_state::preparing;
    s.q.view().lane(1).forwarding = 32;
  }
  const auto report = s.q.recover(1);
  CHECK(report.finished == 0);
  CHECK(report.redelivered == 1);
  CHECK(record.state == core::record_state::empty);
  CHECK(s.q.view().lane(1).forwarding == 0);
  CHECK(s.q.receive(s.alive) == "in");
  CHECK(s.q.receive(s.alive) == "nothing");
  auto heir = s.q.sender(1);
  CHECK(heir.sent() == 0);
  REQUIRE(s.q.send(heir, "next") == outcome::done);
  CHECK(s.q.receive(s.alive) == "next");
}

TEST_CASE("a forward that had committed is finished, whatever of it was done", "[runtime][unit]") {
  scene s;
  auto stage = s.q.sender(1);
  const auto input = s.dead_takes("in");
  for (const char* text : {"r0", "r1", "r2"}) REQUIRE(s.q.stage(stage, text) == outcome::done);
  stage.seal_staged();
  s.q.view().slot_at(0, 0).store(input.word.with(core::slot_state::pinned),
                                 std::memory_order_release);
  auto& record = s.q.view().seat(1).records[0];
  record.input_count = record.output_count = 1;
  record.inputs[0] = {1, input.position, 0, 1};
  record.outputs[0] = {1, stage.staged_first(), stage.staged_end(), 1, 0};
  record.state = core::record_state::committed;
  s.q.view().lane(1).forwarding = 1;
  const int published = GENERATE(0, 1, 2, 3);
  const bool taken = GENERATE(false, true);
  int left = 0;
  for (int n = 0; n < published; ++n) {
    s.q.view()
        .slot_at(1, static_cast<std::uint32_t>(n))
        .store(core::slot_word::make_ready(0), std::memory_order_release);
    if (taken) CHECK(s.q.receive(s.alive) == "r" + std::to_string(left++));
  }
  if (published == 3) s.q.view().slot_at(0, 0).store(input.word.freed(), std::memory_order_release);
  CHECK(s.q.recover(1).finished == 1);
  CHECK(s.q.recover(1).finished == 0);
  for (; left < 3; ++left) CHECK(s.q.receive(s.alive) == "r" + std::to_string(left));
  CHECK(s.q.receive(s.alive) == "nothing");
  CHECK(s.q.word(0, 0) == core::slot_word::make_free(1));
  CHECK(s.q.sender(1).sent() == 3);
}

TEST_CASE("a forward by the ports is settled exactly when its result is out", "[runtime][unit]") {
  scene s;
  auto heir = s.q.sender(1);
  const auto input = s.dead_takes("in");
  const bool published = GENERATE(false, true);
  const bool taken = published && GENERATE(false, true);
  auto& record = s.q.view().seat(1).handover;
  record.turn_to({1, 1});
  record.name(heir.staged_first(), 0, input.word.bits);
  if (published) REQUIRE(s.q.send(heir, "out") == outcome::done);
  if (taken) REQUIRE(s.q.receive(s.alive) == "out");
  const auto report = s.q.recover(1);
  CHECK(report.finished == (published ? 1 : 0));
  CHECK(report.redelivered == (published ? 0 : 1));
  CHECK(record.word == 0);
  if (!published) CHECK(s.q.receive(s.alive) == "in");
  if (published && !taken) CHECK(s.q.receive(s.alive) == "out");
  CHECK(s.q.receive(s.alive) == "nothing");
}

// Its result is out, and it died before it saw that the queue is closed.
TEST_CASE("a forward by the ports into a closed queue leaves its message, unless somebody took it",
          "[runtime][unit]") {
  scene s;
  auto heir = s.q.sender(1);
  const auto input = s.dead_takes("in");
  const bool taken = GENERATE(false, true);
  auto& record = s.q.view().seat(1).handover;
  record.turn_to({1, 1});
  record.name(heir.staged_first(), 0, input.word.bits);
  REQUIRE(s.q.send(heir, "out") == outcome::done);
  if (taken) REQUIRE(s.q.receive(s.alive) == "out");
  s.q.view().header().signs.closed = core::closed_state::closed;
  CHECK(s.q.recover(1).finished == (taken ? 1 : 0));
  CHECK(s.q.receive(s.alive) == (taken ? "nothing" : "in"));
  CHECK(s.q.receive(s.alive) == "nothing");
  CHECK(s.q.sender(1).sent() == (taken ? 1 : 0));
}

TEST_CASE("a forward by the ports whose result was withdrawn leaves its message",
          "[runtime][unit]") {
  scene s;
  auto heir = s.q.sender(1);
  const auto input = s.dead_takes("in");
  auto& record = s.q.view().seat(1).handover;
  record.turn_to({1, 1});
  record.name(heir.staged_first(), 0, input.word.bits);
  s.q.view().header().signs.closed = core::closed_state::closed;
  REQUIRE(s.q.send(heir, "out") == outcome::closed);
  s.q.view().header().signs.closed = core::closed_state::open;
  CHECK(s.q.recover(1).finished == 0);
  CHECK(s.q.receive(s.alive) == "in");
  CHECK(s.q.receive(s.alive) == "nothing");
}

TEST_CASE("the note of a forward with impossible contents settles nothing", "[runtime][unit]") {
  scene s;
  const auto input = s.dead_takes("in");
  auto& record = s.q.view().seat(1).handover;
  struct note {
    bulkhead::detail::result_lane to;
    std::uint64_t output, input, word;
  };
  const std::uint64_t held = input.word.bits;
  const auto bad = GENERATE_COPY(
      note{{99, 1}, 0, 0, held}, note{{1, 4000}, 0, 0, held},
      note{{1, 0}, core::make_position(0, 5'000'000), 0, held},
      note{{1, 0}, core::position_mask, 0, held}, note{{1, 0}, 0, std::uint64_t{4000} << 32, held},
      note{{1, 0}, 0, 5'000'000, held}, note{{1, 0}, 0, 0, held + (1u << 26)},
      note{{1, 0}, 0, 0, input.word.with(core::slot_state::pinned).bits});
  record.turn_to(bad.to);
  record.name(bad.output, bad.input, bad.word);
  CHECK(s.q.recover(1).finished == 0);
  CHECK(s.q.receive(s.alive) == "in");
}

TEST_CASE("a record with impossible contents makes nothing visible and does not end the keeper",
          "[runtime][unit]") {
  scene s;
  auto& record = s.q.view().seat(1).records[0];
  record.input_count = 100'000;
  record.output_count = 1;
  const auto bad = GENERATE(core::forward_record::output{1, 0, 11, 77, 0},
                            core::forward_record::output{1, 5, 4, 1, 0},
                            core::forward_record::output{1, 0, core::position_mask, 1, 0},
                            core::forward_record::output{1, 4096, 4097, 1, 0},
                            core::forward_record::output{99, 0, 1, 1, 0},
                            core::forward_record::output{1, 0, core::make_position(2, 0), 1, 0});
  record.outputs[0] = bad;
  for (auto& in : record.inputs) in = {1, core::make_position(0, 5'000'000), 4000, 1};
  record.state = core::record_state::committed;
  s.q.recover(1);
  CHECK(record.state == core::record_state::empty);
  CHECK(core::count_messages(s.q.view(), 2).waiting == 0);
}

TEST_CASE("a close that its closer did not finish is finished", "[runtime][unit]") {
  scene s;
  s.q.view().header().signs.closed = core::closed_state::closing;
  s.q.recover(1);
  CHECK(s.q.view().header().signs.closed == core::closed_state::closed);
  CHECK(os_calls::heavy_barriers == 1);
}

TEST_CASE("after a death everyone is woken and the dead is no longer announced",
          "[runtime][unit]") {
  scene s;
  const core::parked_set receivers(s.q.view(), core::side::receivers);
  const core::parked_set senders(s.q.view(), core::side::senders);
  receivers.announce(1);
  senders.announce(1);
  s.q.recover(1);
  CHECK_FALSE(receivers.any());
  CHECK_FALSE(senders.any());
  for (const std::uint32_t seat : {0u, 1u, 2u}) {
    CHECK(receivers.park_word(seat) >= 1);
    CHECK(senders.park_word(seat) >= 1);
  }
}
