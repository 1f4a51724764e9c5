#include "core/position.hpp"

#include "support/catch.hpp"

using namespace bulkhead::core;

TEST_CASE("a position is taken apart into the lap and index it was made of", "[runtime][unit]") {
  const position p = make_position(123'456'789'012, 77);
  CHECK(lap_of(p) == 123'456'789'012);
  CHECK(index_of(p) == 77);
  CHECK(lap_of(make_position(lap_mask, ring_slots_max - 1)) == lap_mask);
  CHECK(index_of(make_position(lap_mask, ring_slots_max - 1)) == ring_slots_max - 1);
}

TEST_CASE("the position after the last slot is the first of the next lap", "[runtime][unit]") {
  CHECK(next(make_position(3, 4), 12) == make_position(3, 5));
  CHECK(next(make_position(3, 11), 12) == make_position(4, 0));
  CHECK(next(make_position(lap_mask, 11), 12) == make_position(0, 0));
}

TEST_CASE("a lap back keeps the index, also below lap 0", "[runtime][unit]") {
  CHECK(one_lap_back(make_position(3, 4)) == make_position(2, 4));
  CHECK(one_lap_back(make_position(0, 4)) == make_position(lap_mask, 4));
}

TEST_CASE("positions are ordered by lap, then index, and across the wrap of laps",
          "[runtime][unit]") {
  CHECK(before(make_position(1, 9), make_position(2, 0)));
  CHECK(before(make_position(2, 0), make_position(2, 1)));
  CHECK_FALSE(before(make_position(2, 1), make_position(2, 1)));
  CHECK_FALSE(before(make_position(2, 1), make_position(2, 0)));
  CHECK(before(make_position(lap_mask, 9), make_position(0, 0)));
  CHECK_FALSE(before(make_position(0, 0), make_position(lap_mask, 9)));
  CHECK(newer_lap(0, lap_mask));
  CHECK_FALSE(newer_lap(lap_mask, 0));
  CHECK_FALSE(newer_lap(5, 5));
}
