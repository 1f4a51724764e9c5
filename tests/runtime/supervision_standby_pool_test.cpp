#include "core/supervision/standby_pool.hpp"

#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
using core::standby_pool;

namespace {

const core::random_source no_jitter = [] { return std::uint64_t{0}; };

// A pool, and the clock, moved by hand.
struct scene {
  explicit scene(std::uint32_t wanted = 1) : pool(wanted, {}, 10s) { pool.keep(true); }

  void start(standby_pool::serial which) { pool.started(which, now); }
  void prepare(standby_pool::serial which) {
    start(which);
    pool.waits(which);
  }
  bool end(standby_pool::serial which) { return pool.ended(which, false, now, no_jitter); }
  std::size_t missing() const { return pool.missing(now); }

  standby_pool pool;
  core::instant now{1h};
};

// What one step changes: how many are to be started then, and how many wait.
struct rule {
  const char* says;
  void (*play)(scene&);
  std::size_t missing;
  std::uint32_t waiting;
};

const rule rules[] = {
    {"at first all are to be started", [](scene&) {}, 2, 0},
    {"one that is started and not prepared counts, and does not wait", [](scene& s) { s.start(1); },
     1, 0},
    {"those that are prepared wait",
     [](scene& s) {
       s.prepare(1);
       s.prepare(2);
     },
     0, 2},
    {"in the place of one that was promoted another is to be started",
     [](scene& s) {
       s.prepare(1);
       s.prepare(2);
       CHECK(s.pool.promoted(1));
       CHECK_FALSE(s.pool.promoted(1));
     },
     1, 1},
    {"one that ended is replaced at once the first time",
     [](scene& s) {
       s.prepare(1);
       s.prepare(2);
       CHECK(s.end(1));
       CHECK_FALSE(s.end(1));
     },
     1, 1},
    {"the second in a row waits for the backoff",
     [](scene& s) {
       s.start(1);
       s.end(1);
       s.start(2);
       s.end(2);
     },
     0, 0},
    {"and is started after it, one at a time",
     [](scene& s) {
       s.start(1);
       s.end(1);
       s.start(2);
       s.end(2);
       CHECK(s.pool.next_deadline() == s.now + 10ms);
       s.now += 10ms;
     },
     1, 0},
    {"while one is tried no other is",
     [](scene& s) {
       s.start(1);
       s.end(1);
       s.start(2);
     },
     0, 0},
    {"one that waits ends the row",
     [](scene& s) {
       s.start(1);
       s.end(1);
       s.start(2);
       s.end(2);
       s.now += 10ms;
       s.prepare(3);
       s.end(3);
     },
     1, 0},
    {"the keeper's death is no failure",
     [](scene& s) {
       for (const standby_pool::serial n : {1, 2, 3}) {
         s.start(n);
         s.pool.ended(n, true, s.now, no_jitter);
       }
     },
     2, 0},
    {"one that could not be started is a failure as well",
     [](scene& s) {
       s.pool.start_failed(s.now, no_jitter);
       s.pool.start_failed(s.now, no_jitter);
     },
     0, 0},
    {"none is started while none is to be kept",
     [](scene& s) {
       s.prepare(1);
       s.pool.keep(false);
     },
     0, 1},
    {"nor does one that ends then count",
     [](scene& s) {
       s.prepare(1);
       s.prepare(2);
       s.pool.keep(false);
       s.end(1);
       s.end(2);
       s.pool.keep(true);
     },
     2, 0},
    {"one that is dismissed does not wait, and counts until it has ended",
     [](scene& s) {
       s.prepare(1);
       s.prepare(2);
       s.pool.dismissed(1);
       CHECK(s.pool.first_waiting() == 2u);
     },
     0, 1},
    {"what was no spare changes nothing", [](scene& s) { s.pool.waits(7); }, 2, 0},
};

}  // namespace

TEST_CASE("spares are kept, replaced and counted by the rules", "[supervision][standby][unit]") {
  for (const rule& each : rules) {
    SECTION(each.says) {
      scene s(2);
      each.play(s);
      CHECK(s.missing() == each.missing);
      CHECK(s.pool.waiting() == each.waiting);
    }
  }
}

TEST_CASE("the spare that has waited for the longest is the first",
          "[supervision][standby][unit]") {
  scene s(3);
  CHECK_FALSE(s.pool.first_waiting());
  s.start(1);
  s.prepare(2);
  s.prepare(3);
  CHECK(s.pool.first_waiting() == 2u);
  s.pool.promoted(2);
  CHECK(s.pool.first_waiting() == 3u);
}

TEST_CASE("one that is not prepared in time is named once", "[supervision][standby][unit]") {
  scene s(2);
  s.start(1);
  s.prepare(2);
  CHECK(s.pool.next_deadline() == s.now + 10s);
  s.now += 10s - 1ns;
  CHECK(s.pool.take_late(s.now).empty());
  s.now += 1ns;
  CHECK(s.pool.take_late(s.now) == std::vector<standby_pool::serial>{1});
  CHECK(s.pool.take_late(s.now).empty());
  CHECK_FALSE(s.pool.next_deadline());
}
