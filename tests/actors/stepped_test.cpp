// An actor behind a lane, on one thread: the pump is stepped by hand, and the clock is the test's.
#include "actors/stepped.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <vector>

#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;

namespace {

using add_atom = caf::atom_constant<caf::atom("add")>;
using hold_atom = caf::atom_constant<caf::atom("hold")>;
using wake_atom = caf::atom_constant<caf::atom("wake")>;
using sum_atom = caf::atom_constant<caf::atom("sum")>;

// Notes numbers, keeps requests unanswered, and answers some when its own time has passed.
using notary =
    caf::typed_actor<caf::reacts_to<add_atom, int>, caf::replies_to<hold_atom>::with<int>,
                     caf::reacts_to<wake_atom>, caf::replies_to<sum_atom>::with<int>>;

struct notes {
  std::vector<int> numbers;
  std::vector<caf::typed_response_promise<int>> held;
};

struct world : notes, stepped<notary> {
  explicit world(std::uint32_t in_flight = 1024)
      : stepped([this](notary::pointer self) { return behave(self); }, in_flight) {}
  ~world() { answer_held(); }

  notary::behavior_type behave(notary::pointer self) {
    return {[this](add_atom, int n) { numbers.push_back(n); },
            [this, self](hold_atom) {
              held.push_back(self->make_response_promise<int>());
              return held.back();
            },
            [this](wake_atom) { answer_held(); },
            [this, self](sum_atom) {
              self->delayed_send(self, 60min, wake_atom::value);
              held.push_back(self->make_response_promise<int>());
              return held.back();
            }};
  }
  void answer_held() {
    for (auto& one : held) one.deliver(1);
    held.clear();
  }
  // Asks so many times.
  template <class What>
  void ask(int times, std::chrono::seconds timeout, What what) {
    local([=, this](caf::event_based_actor* self) {
      for (int n = 0; n < times; ++n) {
        self->request(there, timeout, what)
            .then([this](int) { ++answers; },
                  [this](const caf::error& why) {
                    CHECK(why == caf::sec::request_timeout);
                    ++timeouts;
                  });
      }
    });
  }

  int answers = 0;
  int timeouts = 0;
};

}  // namespace

TEST_CASE("a request that is not answered times out when its time has come, not before",
          "[actors][stepped]") {
  world w;
  w.ask(1, 10s, hold_atom::value);
  CHECK(w.held.size() == 1);
  w.pass(9'999ms);
  CHECK(w.timeouts == 0);
  w.pass(1ms);
  CHECK(w.timeouts == 1);
  SECTION("and its answer is dropped, its place free") {
    CHECK(w.pending() == 1);
    w.answer_held();
    w.run();
    CHECK(w.pending() == 0);
    CHECK(w.answers == 0);
  }
}

TEST_CASE("a request that is answered in time does not time out", "[actors][stepped]") {
  world w;
  w.ask(3, 10s, hold_atom::value);
  w.pass(9'999ms);
  w.answer_held();
  w.run();
  w.pass(1h);
  CHECK(w.answers == 3);
  CHECK(w.timeouts == 0);
}

TEST_CASE("delayed messages go when their time has come, in the order of that",
          "[actors][stepped]") {
  world w;
  w.local([&](caf::event_based_actor* self) {
    self->delayed_send(w.there, 5s, add_atom::value, 5);
    self->delayed_send(w.there, 3s, add_atom::value, 3);
    self->send(w.there, add_atom::value, 0);
  });
  CHECK(w.numbers == std::vector<int>{0});
  w.pass(2'999ms);
  CHECK(w.numbers == std::vector<int>{0});
  w.pass(1ms);
  CHECK(w.numbers == std::vector<int>{0, 3});
  w.pass(2s);
  CHECK(w.numbers == std::vector<int>{0, 3, 5});
}

TEST_CASE("requests that wait for room time out too, and are sent when there is room",
          "[actors][stepped]") {
  world w(4);
  w.stop();
  w.ask(10, 10s, hold_atom::value);
  CHECK(w.pending() == 10);
  CHECK(w.held.empty());
  w.pass(10s);
  CHECK(w.timeouts == 10);
  w.resume();
  // Those that have a place in the table keep it until they are answered.
  for (int n = 0; n < 10; ++n) {
    w.run();
    w.answer_held();
  }
  w.run();
  CHECK(w.pending() == 0);
  CHECK(w.answers == 0);
}

TEST_CASE("the actor elsewhere waits by the same clock", "[actors][stepped]") {
  world w;
  w.ask(1, 2h, sum_atom::value);
  w.pass(59min);
  CHECK(w.answers == 0);
  w.pass(1min);
  CHECK(w.answers == 1);
}
