// Random operations of several seats in one thread, compared with a plain reference queue after
// each. The seed is printed; BULKHEAD_SEED repeats a run, BULKHEAD_OPERATIONS makes it longer.

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "runtime/queue_core_memory.hpp"
#include "runtime/queue_core_reference.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;

namespace {

constexpr std::uint32_t seats = 4;

struct seat_state {
  core::producer lane;
  core::consumer taker;
  std::vector<core::lease> leases;
};

class model_run {
 public:
  model_run(std::uint64_t seed, core::queue_shape shape, std::uint64_t first_lap)
      : q_(shape), random_(seed) {
    if (first_lap != 0) start_at(first_lap);
    calm_ = pick(2) == 0;
    for (std::uint32_t s = 0; s < seats; ++s) people_.push_back({q_.sender(s), q_.receiver(s), {}});
    for (std::uint32_t s = 0; s < seats; ++s) model_.sent[s] = people_[s].lane.sent();
  }

  void step() {
    const auto who = static_cast<std::uint32_t>(pick(seats));
    const std::uint64_t what = pick(20);
    if (what < 6) return send(who);
    if (what < 10) return take(who);
    if (what < 13) return settle(who, what < 12);
    if (what < 16) return forward(who);
    if (what == 16) return pick(calm_ ? 6 : 1) == 0 ? die(who) : check_census();
    if (what == 17) return take_over(who);
    if (what == 18) return newcomer(who);
    check_census();
  }
  void close() {
    core::close(q_.view());
    model_.closed = true;
  }
  // Everything comes out in the end.
  void finish() {
    for (std::uint32_t s = 0; s < seats; ++s) die(s);
    for (int n = 0; !model_.all.empty(); ++n) {
      REQUIRE(n < 1000);
      take(0);
      settle(0, true);
    }
    REQUIRE(core::count_messages(q_.view(), 0).waiting == 0);
    if (model_.closed) REQUIRE(core::is_over_for(q_.view(), 1));
  }

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  void start_at(std::uint64_t lap) {
    for (std::uint32_t lane = 0; lane < seats; ++lane) {
      for (std::uint32_t n = 0; n < q_.view().ring_slots(); ++n) {
        q_.view().slot_at(lane, n).store(core::slot_word::make_free(lap),
                                         std::memory_order_relaxed);
        q_.view().slot_at(lane, n).meta = 1000 - q_.view().ring_slots() + 1 + n;
      }
      q_.view().lane(lane).used = 1;
      q_.view().lane(lane).passed = core::make_position(lap, 0);
      q_.view().lane(lane).settled = core::make_position(lap, 0);
      q_.view().lane(lane).sequence_hint = 1000 - q_.view().ring_slots();
    }
  }

  std::string new_text() {
    const std::size_t size = pick(8) == 0 ? 17 + pick(600) : 0;
    std::string text = std::to_string(++count_) + ":";
    while (text.size() < size) text += static_cast<char>('a' + pick(26));
    return text;
  }

  void sent(std::uint32_t who, const std::string& text) {
    model_.all.push_back({text, who, ++model_.sent[who]});
  }

  void send(std::uint32_t who) {
    const std::string text = new_text();
    const auto result = q_.send(people_[who].lane, text);
    if (result == outcome::done) {
      REQUIRE_FALSE(model_.closed);
      REQUIRE(model_.outstanding(who) < q_.view().shape().capacity);
      sent(who, text);
    } else if (result == outcome::closed) {
      REQUIRE(model_.closed);
    } else {
      REQUIRE(result == outcome::full);
      if (text.size() <= 16) REQUIRE(model_.outstanding(who) >= q_.view().shape().capacity);
    }
    REQUIRE(people_[who].lane.sent() == model_.sent[who]);
  }

  // The message is one that waits, marked as it must be, and the oldest of its lane that waits.
  void check_taken(const core::lease& l, std::uint32_t who) {
    const std::string text = q_.text(l);
    auto* m = model_.find(l.lane, text);
    INFO("taken: " << text << " of lane " << l.lane);
    REQUIRE(m != nullptr);
    REQUIRE(m->holder < 0);
    ++m->deliveries;
    REQUIRE(l.deliveries() == std::min(m->deliveries, core::deliveries_max));
    m->holder = static_cast<int>(who);
    for (const auto& older : model_.all) {
      if (older.lane != m->lane || older.sequence >= m->sequence || older.holder >= 0) continue;
      FAIL("overtook " << older.text);
    }
  }

  void take(std::uint32_t who) {
    const auto l = q_.take(people_[who].taker);
    if (!l) {
      REQUIRE(model_.waiting() == 0);
      return;
    }
    check_taken(*l, who);
    people_[who].leases.push_back(*l);
  }

  void settle(std::uint32_t who, bool good) {
    auto& leases = people_[who].leases;
    if (leases.empty()) return;
    const auto which = static_cast<std::ptrdiff_t>(calm_ ? leases.size() - 1 : pick(leases.size()));
    const core::lease l = leases[static_cast<std::size_t>(which)];
    auto* m = model_.find(l.lane, q_.text(l));
    REQUIRE(m != nullptr);
    if (good) {
      core::acknowledge(q_.view(), l);
      model_.remove(m);
    } else {
      core::release(q_.view(), l);
      m->holder = -1;
    }
    leases.erase(leases.begin() + which);
  }

  void forward(std::uint32_t who) {
    auto& me = people_[who];
    if (me.leases.empty()) return;
    const core::lease l = me.leases.back();
    const std::size_t credit = l.lane == who ? 1 : 0;
    std::vector<std::string> texts(pick(4));
    for (auto& t : texts) t = new_text();
    const auto result = q_.forward(l, me.lane, texts, credit);
    if (result == outcome::full) return me.lane.drop_staged();
    if (result == outcome::closed || (model_.closed && !texts.empty())) {
      REQUIRE(result == outcome::closed);
      REQUIRE(model_.closed);
      return;
    }
    REQUIRE(result == outcome::done);
    REQUIRE(model_.outstanding(who) + texts.size() <= q_.view().shape().capacity + credit);
    auto* m = model_.find(l.lane, q_.text(l));
    REQUIRE(m != nullptr);
    model_.remove(m);
    for (const auto& t : texts) sent(who, t);
    me.leases.pop_back();
    REQUIRE(me.lane.sent() == model_.sent[who]);
  }

  // The seat's process dies, perhaps with results staged or a place reserved, and its next
  // incarnation takes the seat over.
  void die(std::uint32_t who) {
    auto& me = people_[who];
    if (pick(2) == 0) {
      for (std::uint64_t n = pick(3); n > 0; --n) {
        if (q_.stage(me.lane, new_text()) != outcome::done) break;
      }
      me.lane.seal_staged();
    } else {
      core::place p;
      static_cast<void>(me.lane.reserve(pick(700), p));
    }
    core::casualty dead;
    dead.serial = ++deaths_;
    dead.own_doing = pick(2) == 0;
    q_.recover(who, dead);
    if (pick(4) == 0) q_.recover(who, dead);
    for (auto& m : model_.all) {
      if (m.holder == static_cast<int>(who)) m.holder = -1;
    }
    me.leases.clear();
    me.taker = q_.receiver(who);
    take_over(who);
  }

  void take_over(std::uint32_t who) {
    people_[who].lane = q_.sender(who);
    REQUIRE(people_[who].lane.sent() == model_.sent[who]);
  }

  void newcomer(std::uint32_t who) { people_[who].taker = q_.receiver(who); }

  void check_census() {
    const auto census = core::count_messages(q_.view(), 0);
    REQUIRE(census.waiting == model_.waiting());
    REQUIRE(census.waiting + census.held == model_.all.size());
    const auto left = core::count_left(q_.view(), 0);
    REQUIRE(left.waiting == census.waiting);
    REQUIRE(left.held == census.held);
    REQUIRE(left.held_by_seat == census.held_by_seat);
  }

  memory_queue q_;
  std::mt19937_64 random_;
  bool calm_ = false;  // few deaths, and old leases stay: for many laps
  std::vector<seat_state> people_;
  reference model_{seats};
  std::uint64_t count_ = 0;
  std::uint32_t deaths_ = 0;
};

std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

}  // namespace

TEST_CASE("random use by several seats behaves like a plain queue", "[runtime][unit]") {
  const std::uint64_t seed = number_of("BULKHEAD_SEED", std::random_device{}());
  const std::uint64_t operations = number_of("BULKHEAD_OPERATIONS", 240'000);
  std::cout << "BULKHEAD_SEED=" << seed << " BULKHEAD_OPERATIONS=" << operations << std::endl;
  std::mt19937_64 random(seed);
  std::uint64_t done = 0;
  while (done < operations) {
    auto shape = small(static_cast<std::uint32_t>(1 + random() % 20), seats);
    shape.payload_bytes = 8192;
    const std::uint64_t laps[] = {0, 1, core::lap_mask - 3, core::lap_mask / 2};
    const std::uint64_t run_seed = random();
    INFO("BULKHEAD_SEED=" << seed << ", capacity " << shape.capacity << ", after " << done
                          << " operations");
    model_run run(run_seed, shape, laps[random() % 4]);
    const std::uint64_t length = 200 + random() % 3000;
    const std::uint64_t closing = random() % 4 == 0 ? length - random() % 100 : length;
    for (std::uint64_t n = 0; n < length; ++n, ++done) {
      if (n == closing) run.close();
      run.step();
    }
    run.finish();
  }
  CHECK(done >= operations);
}
