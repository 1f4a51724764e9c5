#include "core/slot_word.hpp"

#include "support/catch.hpp"

using namespace bulkhead::core;

TEST_CASE("a slot word keeps its five fields apart", "[runtime][unit]") {
  const auto w = slot_word::make(lap_mask, 63, 4095, 7, slot_state::pinned);
  CHECK(w.lap() == lap_mask);
  CHECK(w.deliveries() == 63);
  CHECK(w.owner() == 4095);
  CHECK(w.epoch() == 7);
  CHECK(w.state() == slot_state::pinned);
  CHECK(slot_word::make(0, 63, 0, 0, slot_state::free).owner() == 0);
  CHECK(slot_word::make(0, 0, 4095, 0, slot_state::free).deliveries() == 0);
  CHECK(slot_word::make(0, 0, 0, 7, slot_state::free).owner() == 0);
}

TEST_CASE("taking a message names the taker and counts the delivery", "[runtime][unit]") {
  const auto ready = slot_word::make_ready(9, 2);
  const auto mine = ready.taken_by(5, 3);
  CHECK(mine.is(slot_state::leased));
  CHECK(mine.held_by(5));
  CHECK_FALSE(mine.held_by(4));
  CHECK(mine.deliveries() == 3);
  CHECK(mine.lap() == 9);
  CHECK(mine.epoch() == 3);
  CHECK(mine.with(slot_state::pinned).held_by(5));
  CHECK_FALSE(mine.with(slot_state::burying).held_by(5));
}

TEST_CASE("deliveries are counted up to 63 and stay there", "[runtime][unit]") {
  CHECK(slot_word::make_ready(1, 62).taken_by(0, 0).deliveries() == 63);
  CHECK(slot_word::make_ready(1, 63).taken_by(0, 0).deliveries() == 63);
  CHECK(slot_word::make_ready(1, 63).taken_by(0, 0).lap() == 1);
}

TEST_CASE("a freed slot may be published in the next lap, and laps wrap", "[runtime][unit]") {
  CHECK(slot_word::make_ready(9, 2).taken_by(5, 3).freed() == slot_word::make_free(10));
  CHECK(slot_word::make_ready(lap_mask).freed() == slot_word::make_free(0));
  CHECK(slot_word::make_free(4, free_tag::withdrawn).tag() == free_tag::withdrawn);
  CHECK(slot_word::make_free(4, free_tag::reserved).is(slot_state::free));
}
