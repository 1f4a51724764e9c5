#include "core/fault_book.hpp"
#include "runtime/queue_core_scene.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;
using core::slot_state;

// A recovery that died after it counted the death and before it gave the message back.
TEST_CASE("a death is counted once, however often its recovery begins", "[runtime][unit]") {
  scene s(bounded(3, 0));
  const auto l = s.dead_takes("a");
  auto& fault = s.q.view().fault(0, 0);
  for (int n = 0; n < 4; ++n) CHECK(core::note_fault(fault, l.word, death(9, true)) == 1);
  CHECK(core::note_fault(fault, l.word, death(10, true)) == 2);
  CHECK(core::note_fault(fault, l.word, death(11, false)) == 2);
  CHECK(fault.notes[1].signal == 11);
  CHECK(fault.notes[1].pid == 4711);
  CHECK(fault.notes[1].delivery == 1);
}

TEST_CASE("the attempts of a message do not pass on to the next one of its slot",
          "[runtime][unit]") {
  scene s(bounded(3, 0));
  const auto l = s.dead_takes("a");
  auto& fault = s.q.view().fault(0, 0);
  CHECK(core::note_fault(fault, l.word, death(1, true)) == 1);
  const auto later = core::slot_word::make_ready(1).taken_by(1, 0);
  CHECK(core::attempts_of(fault, 1) == 0);
  CHECK(core::note_fault(fault, later, death(1, true)) == 1);
  CHECK(core::attempts_of(fault, 1) == 1);
}

TEST_CASE("a message whose takers crash max_attempts times is buried, others go on",
          "[runtime][unit]") {
  scene s(bounded(3, 0));
  list_graveyard graves;
  s.die_with("poison", 3, &graves);
  CHECK(s.q.receive(s.alive) == "nothing");
  REQUIRE(graves.letters.size() == 1);
  CHECK(graves.letters[0] == list_graveyard::letter{0, 0, 3});
  CHECK(s.q.word(0, 0) == core::slot_word::make_free(1));
  REQUIRE(s.q.send(s.source, "next") == outcome::done);
  CHECK(s.q.receive(s.alive) == "next");
}

TEST_CASE("a kill from outside is not the message's fault", "[runtime][unit]") {
  scene s(bounded(2, 0));
  list_graveyard graves;
  REQUIRE(s.q.send(s.source, "a") == outcome::done);
  for (std::uint32_t n = 0; n < 40; ++n) {
    REQUIRE(s.q.take(s.dead));
    s.q.recover(1, death(n + 1, false), &graves);
  }
  CHECK(graves.letters.empty());
  const auto l = s.q.take(s.alive);
  REQUIRE(l);
  CHECK(l->deliveries() == 41);
}

TEST_CASE("max_deliveries bounds deliveries of any end", "[runtime][unit]") {
  scene s(bounded(0, 5));
  list_graveyard graves;
  REQUIRE(s.q.send(s.source, "a") == outcome::done);
  for (std::uint32_t n = 0; n < 5; ++n) {
    REQUIRE(graves.letters.empty());
    REQUIRE(s.q.take(s.dead));
    s.q.recover(1, death(n + 1, false), &graves);
  }
  CHECK(graves.letters.size() == 1);
  CHECK(s.q.receive(s.alive) == "nothing");
}

TEST_CASE("no bound is no bound, also when the count of deliveries is full", "[runtime][unit]") {
  scene s;
  REQUIRE(s.q.send(s.source, "a") == outcome::done);
  for (std::uint32_t n = 0; n < 200; ++n) {
    REQUIRE(s.q.take(s.dead));
    s.q.recover(1, death(n + 1, true));
  }
  CHECK(s.q.take(s.alive)->deliveries() == core::deliveries_max);
}

TEST_CASE("while the dead letters are full a poison message stays put, and is buried later",
          "[runtime][unit]") {
  scene s(bounded(1, 0));
  list_graveyard graves;
  graves.room = 0;
  s.die_with("poison", 1, &graves);
  CHECK(s.q.word(0, 0).is(slot_state::poison));
  CHECK(s.q.receive(s.alive) == "nothing");
  for (int n = 0; n < 30; ++n) {  // the pipeline goes on around it
    REQUIRE(s.q.send(s.source, std::to_string(n)) == outcome::done);
    REQUIRE(s.q.receive(s.alive) == std::to_string(n));
  }
  CHECK(core::bury_again({&s.q.view(), 1, &graves}).stuck == 1);
  graves.room = 1;
  const auto report = core::bury_again({&s.q.view(), 1, &graves});
  CHECK(report.buried == 1);
  CHECK(report.stuck == 0);
  CHECK(graves.letters.at(0).attempts == 1);
  CHECK(s.q.word(0, 0) == core::slot_word::make_free(1));
  CHECK(core::bury_again({&s.q.view(), 1, &graves}).buried == 0);
}

TEST_CASE("a burial that was interrupted is finished and not done twice", "[runtime][unit]") {
  scene s(bounded(1, 0));
  list_graveyard graves;
  const auto l = s.dead_takes("poison");
  const auto burying = l.word.with(slot_state::burying);
  s.q.view().slot_at(0, 0).store(burying, std::memory_order_release);
  const bool written = GENERATE(false, true);
  if (written) graves.bury(s.q.view(), {0, 0, burying, 1});
  s.q.recover(1, death(5, true), &graves);
  CHECK(graves.letters.size() == 1);
  CHECK(s.q.word(0, 0) == core::slot_word::make_free(1));
}
