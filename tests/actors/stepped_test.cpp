// An actor behind a lane, on one thread: the pump is stepped by hand, and the clock is the test's.
#include "actors/stepped.hpp"

#include <bulkhead/actors/pool.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <vector>

#include "supervised_peer.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;
using bulkhead::errc;

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

namespace {

using lives = stepped<notary, actors::detail::supervised_peer>;

// What its supervisor tells is what the test says; the lane's other end is the same all the time.
struct supervised_world : lives {
  explicit supervised_world(actors::during_restart mode)
      : lives(
            [this](notary::pointer) -> notary::behavior_type {
              return {[](add_atom, int) {}, [](hold_atom) { return 1; }, [](wake_atom) {},
                      [this](sum_atom) { return ++sums; }};
            },
            1024, actors::supervised_options{mode}) {
    run();
  }
  template <class What>
  void tell(std::uint64_t incarnation, What what) {
    bulkhead::supervision_event event;
    event.incarnation = incarnation;
    event.what = what;
    peer().on_event(event);
    run();
  }
  void dies() {
    stop();
    tell(1, bulkhead::events::exited{});
  }
  void is_up_again() {
    resume();
    tell(2, bulkhead::events::ready{});
  }
  void ask() {
    local([this](caf::event_based_actor* self) {
      self->request(there, 10s, sum_atom::value)
          .then([this](int) { ++answers; }, [this](const caf::error& e) { why = e; });
    });
  }

  int sums = 0;
  int answers = 0;
  caf::error why;
};

}  // namespace

TEST_CASE("a pool passes over a worker whose process is down, whatever its requests do",
          "[actors][stepped]") {
  using enum actors::during_restart;
  supervised_world w(GENERATE(fail, wait, retry));
  int here = 0;
  const notary other = w.sys.caf().spawn([&](notary::pointer) -> notary::behavior_type {
    return {[](add_atom, int) {}, [](hold_atom) { return 1; }, [](wake_atom) {},
            [&](sum_atom) { return ++here; }};
  });
  const auto how = GENERATE(0, 1);
  const actors::pool<notary> p(w.sys, {w.there, other},
                               {.policy = how == 0 ? actors::pool_policy::round_robin()
                                                   : actors::pool_policy::least_loaded()});
  const auto ask = [&](int times) {
    w.local([&, to = p.handle(), times](caf::event_based_actor* self) {
      for (int n = 0; n < times; ++n) {
        self->request(to, 10s, sum_atom::value)
            .then([&](int) { ++w.answers; }, [&](const caf::error& e) { w.why = e; });
      }
    });
  };
  w.dies();
  ask(6);
  CHECK(w.answers == 6);
  CHECK(here == 6);
  CHECK_FALSE(w.why);
  w.is_up_again();
  ask(6);
  CHECK(w.answers == 12);
  CHECK(w.sums > 0);
}

TEST_CASE("a request that is made while its actor's process is down", "[actors][stepped]") {
  SECTION("waits for the next, where it is to") {
    supervised_world w(actors::during_restart::wait);
    w.dies();
    w.ask();
    w.pass(9'999ms);
    CHECK(w.answers == 0);
    w.is_up_again();
    CHECK(w.answers == 1);
    CHECK(actors::incarnation(w.there) == 2);
  }
  SECTION("waits no longer than its own time") {
    supervised_world w(actors::during_restart::wait);
    w.dies();
    w.ask();
    w.pass(10s);
    CHECK(w.why == caf::sec::request_timeout);
    w.is_up_again();
    CHECK(w.sums == 1);  // it had been sent
    CHECK(w.answers == 0);
  }
  SECTION("fails at once, and no more when the next is up") {
    supervised_world w(actors::during_restart::fail);
    w.dies();
    w.ask();
    CHECK(actors::is(w.why, errc::peer_restarted));
    w.is_up_again();
    w.ask();
    CHECK(w.answers == 1);
    CHECK(w.sums == 1);
  }
}
