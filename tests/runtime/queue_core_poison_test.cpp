#include "core/fault_book.hpp"
#include "runtime/queue_core_scene.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;
using core::slot_state;

namespace {

/// The note beside the first slot, and the deaths that it is about.
struct book {
  explicit book(const core::queue_view& q) : queue(q) {}
  std::uint32_t note(core::slot_word held, std::uint32_t serial, bool own_doing) {
    core::casualty dead = death(serial, own_doing);
    dead.note.pid = static_cast<std::int32_t>(serial);
    return core::note_fault(queue.fault(0, 0), queue.way(0, 0), held,
                            core::enter_death(queue, dead), own_doing);
  }
  std::vector<int> pids(std::uint64_t lap) const {
    std::vector<int> all;
    const core::known_ends ends = core::ends_of(queue, 0, 0, lap);
    for (std::size_t n = 0; n < ends.count; ++n) all.push_back(ends.notes[n].pid);
    return all;
  }
  const core::queue_view& queue;
};

}  // namespace

// A recovery that died after it counted the death and before it gave the message back.
TEST_CASE("a death is counted once, however often its recovery begins", "[runtime][unit]") {
  scene s(bounded(3, 0));
  const auto l = s.dead_takes("a");
  book notes(s.q.view());
  for (int n = 0; n < 4; ++n) CHECK(notes.note(l.word, 9, true) == 1);
  CHECK(notes.note(l.word, 10, true) == 2);
  CHECK(notes.note(l.word, 11, false) == 2);
  CHECK(notes.note(l.word, 11, false) == 2);
  CHECK(notes.pids(0) == std::vector<int>{9, 10, 11});
  CHECK(core::ends_of(s.q.view(), 0, 0, 0).notes[2].signal == 11);
}

TEST_CASE("a recovery that wrote the way back and not the count goes on from there",
          "[runtime][unit]") {
  scene s(bounded(3, 0));
  const auto l = s.dead_takes("a");
  book notes(s.q.view());
  for (const std::uint32_t serial : {1u, 2u}) notes.note(l.word, serial, true);
  const auto count = s.q.view().fault(0, 0).count.load();
  CHECK(notes.note(l.word, 3, true) == 3);
  s.q.view().fault(0, 0).count = count;
  CHECK(notes.note(l.word, 3, true) == 3);
  CHECK(notes.pids(0) == std::vector<int>{1, 2, 3});
}

TEST_CASE("the last eight ends of a message's takers are known, across deaths of others",
          "[runtime][unit]") {
  scene s(bounded(0, 0));
  const auto l = s.dead_takes("a");
  book notes(s.q.view());
  std::uint32_t serial = 0;
  for (int n = 0; n < 12; ++n) {
    notes.note(l.word, ++serial, n % 2 == 0);
    for (int other = 0; other < n; ++other) core::enter_death(s.q.view(), death(++serial, true));
  }
  CHECK(notes.pids(0) == std::vector<int>{11, 16, 22, 29, 37, 46, 56, 67});
  CHECK(core::attempts_of(s.q.view().fault(0, 0), 0) == 6);
}

TEST_CASE("a death so many deaths ago that it was forgotten is no reason, and counts on",
          "[runtime][unit]") {
  scene s(bounded(0, 0));
  const auto l = s.dead_takes("a");
  book notes(s.q.view());
  notes.note(l.word, 1, true);
  std::uint32_t serial = 1;
  const auto others = GENERATE(std::uint32_t{100}, std::uint32_t{300}, std::uint32_t{70'000});
  while (serial < others) core::enter_death(s.q.view(), death(++serial, true));
  if (others > core::deaths_kept) CHECK(notes.pids(0).empty());
  CHECK(notes.note(l.word, ++serial, true) == 2);
  CHECK(notes.pids(0) == std::vector<int>{static_cast<int>(serial)});
}

TEST_CASE("the attempts of a message do not pass on to the next one of its slot",
          "[runtime][unit]") {
  scene s(bounded(3, 0));
  const auto l = s.dead_takes("a");
  auto& fault = s.q.view().fault(0, 0);
  book notes(s.q.view());
  CHECK(notes.note(l.word, 1, true) == 1);
  CHECK(notes.note(l.word, 2, true) == 2);
  const auto later = core::slot_word::make_ready(1).taken_by(1, 0);
  CHECK(core::attempts_of(fault, 1) == 0);
  CHECK(notes.note(later, 3, true) == 1);
  CHECK(core::attempts_of(fault, 1) == 1);
  CHECK(notes.pids(1) == std::vector<int>{3});
  CHECK(notes.note(later, 4, true) == 2);
  CHECK(notes.pids(1) == std::vector<int>{3, 4});
  CHECK(notes.pids(0).empty());
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
