#include "core/calls/slot_table.hpp"

#include <map>
#include <random>

#include "core/calls/call_frame.hpp"
#include "support/catch.hpp"

namespace core = bulkhead::core;

namespace {

struct entry {
  int value = 0;
  void clear() noexcept { value = 0; }
};
using table = core::slot_table<entry>;

}  // namespace

TEST_CASE("an open slot is found by its name, and by no other", "[runtime][unit]") {
  table t(4);
  const auto a = t.open();
  const auto b = t.open();
  a.entry->value = 1;
  b.entry->value = 2;
  REQUIRE(t.find(a.name) == a.entry);
  CHECK(t.find(a.name)->value == 1);
  CHECK(t.find(b.name)->value == 2);
  CHECK(t.find({a.name.generation + 1, a.name.slot}) == nullptr);
  CHECK(t.find({a.name.generation, 77}) == nullptr);
  CHECK(t.find({}) == nullptr);
}

TEST_CASE("a closed slot's name finds nothing, also when the slot is in use again",
          "[runtime][unit]") {
  table t(4);
  const auto first = t.open();
  first.entry->value = 5;
  t.close(first.name);
  CHECK(t.find(first.name) == nullptr);
  const auto again = t.open();
  CHECK(again.name.slot == first.name.slot);
  CHECK(again.entry->value == 0);
  CHECK(t.find(first.name) == nullptr);
  CHECK(t.find(again.name) == again.entry);
}

TEST_CASE("no more slots are open than may be", "[runtime][unit]") {
  table t(2);
  const auto a = t.open();
  CHECK_FALSE(t.is_full());
  CHECK(t.open().entry != nullptr);
  CHECK(t.is_full());
  CHECK(t.open().entry == nullptr);
  CHECK(t.size() == 2);
  t.close(a.name);
  CHECK(t.open().entry != nullptr);
}

TEST_CASE("each open entry is shown once, and may be closed there", "[runtime][unit]") {
  table t(8);
  std::vector<core::slot_name> names;
  for (int n = 0; n < 6; ++n) {
    const auto made = t.open();
    made.entry->value = n;
    names.push_back(made.name);
  }
  t.close(names[2]);
  std::vector<int> shown;
  t.each([&](const core::slot_name& name, const entry& e) {
    shown.push_back(e.value);
    if (e.value % 2 == 1) t.close(name);
  });
  CHECK(shown == std::vector<int>{0, 1, 3, 4, 5});
  CHECK(t.size() == 2);
}

TEST_CASE("a table and a map agree over random uses", "[runtime][unit]") {
  const auto seed = GENERATE(take(20, random(1u, 1u << 30)));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  table t(16);
  std::map<int, core::slot_name> open;
  std::vector<core::slot_name> closed;
  int next = 1;
  bool right = true;
  for (int step = 0; step < 2000; ++step) {
    if (random() % 2 == 0) {
      const auto made = t.open();
      right &= (made.entry == nullptr) == (open.size() == 16);
      if (made.entry == nullptr) continue;
      right &= made.entry->value == 0;
      made.entry->value = next;
      open.emplace(next++, made.name);
    } else if (!open.empty()) {
      const auto at = std::next(open.begin(), static_cast<long>(random() % open.size()));
      right &= t.find(at->second) != nullptr && t.find(at->second)->value == at->first;
      t.close(at->second);
      closed.push_back(at->second);
      open.erase(at);
    }
    if (!closed.empty()) right &= t.find(closed[random() % closed.size()]) == nullptr;
    right &= t.size() == open.size();
  }
  CHECK(right);
}

TEST_CASE("a request was taken when the head is at it or past it", "[runtime][unit]") {
  constexpr std::uint64_t ring = 4096;
  const core::frame_position before{};
  const auto first = before.after(3, 1);
  const auto second = first.after(5, 1);
  CHECK_FALSE(core::was_taken(first.word, before.word, ring));
  CHECK(core::was_taken(first.word, first.word, ring));
  CHECK_FALSE(core::was_taken(second.word, first.word, ring));
  CHECK(core::was_taken(first.word, second.word, ring));
  SECTION("also where positions begin anew") {
    const core::frame_position last{core::frame_position::units_mask - 1};
    const auto over = last.after(8, 1);
    CHECK(over.units() < last.units());
    CHECK_FALSE(core::was_taken(over.word, last.word, ring));
    CHECK(core::was_taken(last.word, over.word, ring));
  }
  SECTION("a whole ring ahead is not taken, more than that cannot be") {
    CHECK_FALSE(core::was_taken(before.after(ring / 16, 1).word, before.word, ring));
    CHECK(core::was_taken(before.after(ring / 16 + 1, 1).word, before.word, ring));
  }
}
