#include <algorithm>
#include <random>

#include "runtime/queue_core_scene.hpp"
#include "runtime/queue_core_totals.hpp"

using namespace queue_core;
using core::outcome;

namespace {

// Three participants that do at random whatever a participant of a queue can do, dying included.
struct crowd {
  crowd(memory_queue& queue, std::mt19937& dice) : q(queue), random(dice) {
    for (std::uint32_t s = 0; s < 3; ++s) {
      lanes.push_back(q.sender(s));
      takers.push_back(q.receiver(s));
    }
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }
  std::pair<std::uint32_t, core::lease> pick() {
    const std::size_t which = below(static_cast<std::uint32_t>(held.size()));
    auto one = held[which];
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    return one;
  }
  void step() {
    const std::uint32_t who = below(3);
    switch (below(10)) {
      case 0:
      case 1:
      case 2:
        q.send(lanes[who], "m");
        break;
      case 3: {
        core::place p;
        static_cast<void>(lanes[who].reserve(1, p));
        break;
      }
      case 4:
      case 5:
        if (const auto l = q.take(takers[who])) held.emplace_back(who, *l);
        break;
      case 6:
        if (!held.empty()) core::acknowledge(q.view(), pick().second);
        break;
      case 7:
        if (!held.empty()) {
          const auto [taker, l] = pick();
          lanes[taker].inherit(l.lane, l.position);
          const std::size_t credit = l.lane == taker ? 1 : 0;
          const std::vector<std::string> results(below(3), "r");
          if (q.forward(l, lanes[taker], results, credit) != outcome::done) {
            lanes[taker].drop_staged();
            held.emplace_back(taker, l);
          }
        }
        break;
      case 8:
        lanes[who].drop_oldest();
        break;
      default:
        if (below(4) == 0) {
          q.recover(who);
          lanes[who] = q.sender(who);
          takers[who] = q.receiver(who);
          held.erase(std::remove_if(held.begin(), held.end(),
                                    [&](const auto& h) { return h.first == who; }),
                     held.end());
        }
    }
  }

  memory_queue& q;
  std::mt19937& random;
  std::vector<core::producer> lanes;
  std::vector<core::consumer> takers;
  std::vector<std::pair<std::uint32_t, core::lease>> held;
};

}  // namespace

// Few places and long lives, so that the laps which credits name come round, and every step is
// followed by a count of all words.
TEST_CASE("a total holds in every state of a random run", "[runtime][unit]") {
  const auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  std::mt19937 random(seed);
  const std::uint32_t total = 1 + static_cast<std::uint32_t>(random() % 6);
  memory_queue q(with_total(total, 1 + static_cast<std::uint32_t>(random() % 5)));
  for (std::uint32_t lane = 0; lane < 3; ++lane) {
    for (std::uint32_t n = 0; seed % 2 != 0 && n < q.view().ring_slots(); ++n) {
      q.view().slot_at(lane, n).store(core::slot_word::make_free(core::lap_mask - 5),
                                      std::memory_order_relaxed);
      q.view().lane(lane).passed = core::make_position(core::lap_mask - 5, 0);
      q.view().lane(lane).settled = core::make_position(core::lap_mask - 5, 0);
    }
  }
  crowd people(q, random);
  for (int step = 0; step < 5000; ++step) {
    people.step();
    const std::string bad = trouble(q);
    REQUIRE(bad.empty());
  }
  for (std::uint32_t s = 0; s < 3; ++s) q.recover(s);
  while (q.receive(people.takers[0]) != "nothing") {
  }
  CHECK(free_credits(q) == total);
}
