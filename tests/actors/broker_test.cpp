// Topics, in this process and across processes.
#include <bulkhead/actors/broker.hpp>

#include <unistd.h>
#include <bulkhead/actors/spawn_process.hpp>
#include <bulkhead/supervisor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/asking.hpp"
#include "actors/stopped.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;
using bulkhead::overflow;
namespace actors = bulkhead::actors;
using namespace std::chrono_literals;

namespace {

using numbers_broker = actors::broker<int>;
using listener = actors::subscriber<int>;
using pid_atom = caf::atom_constant<caf::atom("pid")>;
using heard_atom = caf::atom_constant<caf::atom("heard")>;

}  // namespace

#if !BULKHEAD_CAF_0_17
CAF_BEGIN_TYPE_ID_BLOCK(broker_test, caf::id_block::bulkhead_tests::end + 20)
CAF_ADD_TYPE_ID(broker_test, (caf::atom_constant<caf::atom("heard")>))
CAF_ADD_TYPE_ID(broker_test, (listener))
CAF_ADD_TYPE_ID(broker_test, (std::vector<int>))
CAF_END_TYPE_ID_BLOCK(broker_test)
namespace {
const bool registered = (caf::init_global_meta_objects<caf::id_block::broker_test>(), true);
}
#endif

namespace {

/// What a subscriber has seen.
struct record {
  std::mutex mutex;
  std::vector<int> values;
  gate hold;

  std::vector<int> all() {
    const std::lock_guard lock(mutex);
    return values;
  }
  bool sees(const std::vector<int>& wanted) {
    return eventually([&] { return all() == wanted; });
  }
};

std::vector<int> range(int from, int to) {
  std::vector<int> all;
  for (int n = from; n < to; ++n) all.push_back(n);
  return all;
}

// Before the system, whose actors write to them: its end comes first.
struct records {
  record fast, slow, other, every;
  std::atomic<int> good{0}, full{0};
};

struct fixture : records, asking {
  numbers_broker topics;

  ~fixture() {
    fast.hold.open();
    slow.hold.open();
  }

  numbers_broker open(const actors::broker_options& options) {
    return topics = actors::spawn_broker<int>(sys, options);
  }
  listener make(record& to, bool held = false) {
    return sys.caf().spawn<caf::detached>(
        [&to, held](listener::pointer) -> listener::behavior_type {
          return {[&to, held](const std::string&, int value) {
            {
              const std::lock_guard lock(to.mutex);
              to.values.push_back(value);
            }
            if (held) to.hold.pass();
          }};
        });
  }
  template <class Handle>
  void subscribe(const std::string& topic, const Handle& who) {
    caf::scoped_actor self(sys.caf());
    self->request(topics, 20s, caf::subscribe_atom_v, topic, listener(who))
        .receive([] {}, [&](const caf::error& why) { failure = why; });
  }
  bool publish(int value, const std::string& topic = "n") {
    bool is_published = false;
    caf::scoped_actor self(sys.caf());
    self->request(topics, 20s, caf::publish_atom_v, topic, value)
        .receive([&] { is_published = true; }, [&](const caf::error& why) { failure = why; });
    return is_published;
  }
};

// In a process of its own: what it hears it says when it is asked.
using far_listener =
    caf::typed_actor<caf::reacts_to<std::string, int>, caf::replies_to<pid_atom>::with<int>,
                     caf::replies_to<heard_atom>::with<std::vector<int>>>;

far_listener::behavior_type hear(far_listener::pointer self, const numbers_broker& topics) {
  if (topics) self->send(topics, caf::subscribe_atom_v, std::string("n"), listener(self));
  const auto heard = std::make_shared<std::vector<int>>();
  return {[heard](const std::string&, int value) { heard->push_back(value); },
          [](pid_atom) { return static_cast<int>(::getpid()); },
          [heard](heard_atom) { return *heard; }};
}

// A process that publishes.
using publisher = caf::typed_actor<caf::replies_to<int, int>::with<int>>;
publisher::behavior_type publish_some(publisher::pointer self, const numbers_broker& topics) {
  return {[=](int from, int to) {
    for (int n = from; n < to; ++n) {
      self->send(topics, caf::publish_atom_v, std::string("n"), n);
    }
    return to - from;
  }};
}

}  // namespace

TEST_CASE_METHOD(fixture, "subscribers get the values of their topics, in order",
                 "[actors][process]") {
  open({});
  subscribe("n", make(fast));
  subscribe("m", make(other));
  subscribe("*", make(every));
  for (int n = 0; n < 100; ++n) publish(n, n % 2 == 0 ? "n" : "m");
  std::vector<int> even, odd;
  for (int n = 0; n < 100; ++n) (n % 2 == 0 ? even : odd).push_back(n);
  CHECK(fast.sees(even));
  CHECK(other.sees(odd));
  CHECK(every.sees(range(0, 100)));
  CHECK_FALSE(failure);
}

TEST_CASE_METHOD(fixture, "a slow subscriber loses its own oldest or newest values, and no other's",
                 "[actors][process]") {
  const auto policy = GENERATE(overflow::drop_oldest, overflow::drop_newest);
  open({.capacity = 4, .credit = 2, .overflow = policy});
  subscribe("n", make(slow, true));
  subscribe("n", make(fast));
  for (int n = 0; n < 20; ++n) {
    CHECK(publish(n));
    REQUIRE(fast.sees(range(0, n + 1)));
  }
  const auto counted = actors::counters(topics);
  CHECK(counted.dropped_oldest == (policy == overflow::drop_oldest ? 14u : 0u));
  CHECK(counted.dropped_newest == (policy == overflow::drop_newest ? 14u : 0u));
  slow.hold.open();
  CHECK(
      slow.sees(policy == overflow::drop_oldest ? std::vector{0, 1, 16, 17, 18, 19} : range(0, 6)));
}

TEST_CASE_METHOD(fixture, "where the policy is to refuse, nobody gets what one has no room for",
                 "[actors][process]") {
  open({.capacity = 4, .credit = 2, .overflow = overflow::refuse});
  subscribe("n", make(slow, true));
  subscribe("n", make(fast));
  int published = 0;
  for (int n = 0; n < 10; ++n) published += publish(n) ? 1 : 0;
  CHECK(published == 6);
  CHECK(actors::is(failure, errc::full));
  CHECK(actors::counters(topics).refused == 4);
  slow.hold.open();
  CHECK(slow.sees(range(0, 6)));
  CHECK(fast.sees(range(0, 6)));
}

TEST_CASE_METHOD(fixture, "where the policy is to block, publishers keep to the slowest's pace",
                 "[actors][process]") {
  open({.capacity = 4, .credit = 2, .overflow = overflow::block, .publishers = {.waiting = 8}});
  const auto stuck = make(slow, true);
  subscribe("n", stuck);
  subscribe("n", make(fast));
  sys.caf().spawn([&](caf::event_based_actor* self) {
    for (int n = 0; n < 20; ++n) {
      self->request(topics, caf::infinite, caf::publish_atom_v, std::string("n"), n)
          .then([&] { ++good; },
                [&](const caf::error& why) {
                  if (actors::is(why, errc::full)) ++full;
                });
    }
  });
  // With it 2, waiting for it 4, waiting to be published 8, too many 6.
  REQUIRE(eventually([&] { return good == 6 && full == 6; }));
  CHECK(fast.sees(range(0, 6)));
  const auto all_come = [&] {
    return fast.sees(range(0, 14)) && eventually([&] { return good == 14; });
  };
  SECTION("it goes on") {
    slow.hold.open();
    CHECK(slow.sees(range(0, 14)));
    CHECK(all_come());
  }
  SECTION("it unsubscribes, ahead of what waits") {
    caf::anon_send(topics, caf::unsubscribe_atom_v, std::string("n"), stuck);
    CHECK(all_come());
  }
  SECTION("it ends") {
    caf::anon_send_exit(stuck, caf::exit_reason::kill);
    slow.hold.open();
    CHECK(all_come());
  }
}

TEST_CASE_METHOD(fixture, "a subscriber that never answers has so many values and no more",
                 "[actors][process]") {
  constexpr int count = 50000;
  open({.capacity = 10, .credit = 3});
  subscribe("n", make(slow, true));
  for (int n = 0; n < count; ++n) caf::anon_send(topics, caf::publish_atom_v, std::string("n"), n);
  CHECK(actors::counters(topics).dropped_oldest == count - 13);
  slow.hold.open();
  std::vector<int> wanted = range(0, 3);
  for (const int n : range(count - 10, count)) wanted.push_back(n);
  CHECK(slow.sees(wanted));
}

TEST_CASE_METHOD(fixture, "a handler that fails, and one that is not there, get the next value",
                 "[actors][process]") {
  open({.credit = 1});
  auto failing = sys.caf().spawn([this](listener::pointer) -> listener::behavior_type {
    return {[this](const std::string&, int value) -> caf::result<void> {
      const std::lock_guard lock(fast.mutex);
      fast.values.push_back(value);
      return caf::error(caf::sec::runtime_error);
    }};
  });
  subscribe("n", failing);
  for (int n = 0; n < 10; ++n) publish(n);
  CHECK(fast.sees(range(0, 10)));
  CHECK_THROWS_AS(actors::spawn_broker<int>(sys, {.capacity = 0}), std::invalid_argument);
  CHECK_THROWS_AS(actors::spawn_broker<int>(sys, {.credit = 0}), std::invalid_argument);
}

TEST_CASE_METHOD(fixture, "a subscriber that has the broker's handle ends with the system",
                 "[actors][process]") {
  open({});
  auto one = sys.caf().spawn([to = topics](listener::pointer) -> listener::behavior_type {
    return {[to](const std::string&, int) {}};
  });
  subscribe("n", one);
  one = nullptr;
  topics = nullptr;
  CHECK(sys.shutdown());
}

TEST_CASE_METHOD(fixture, "values go from one process to others, and a dead one misses them",
                 "[actors][process][crash]") {
  open({.overflow = overflow::block});
  const auto from =
      actors::spawn_process<publisher>(sys, {.name = "publisher"}, publish_some, topics);
  const auto a = actors::spawn_process<far_listener>(sys, {.name = "a"}, hear, topics);
  const auto b = actors::spawn_process<far_listener>(sys, {.name = "b"}, hear, topics);
  // Both are subscribed when both have heard something.
  int next = 0;
  REQUIRE(eventually([&] {
    publish(--next);
    return !ask<std::vector<int>>(a, heard_atom::value).empty() &&
           !ask<std::vector<int>>(b, heard_atom::value).empty();
  }));
  CHECK(ask<int>(from, 0, 500) == 500);
  const auto tail = [&](const far_listener& of) {
    auto heard = ask<std::vector<int>>(of, heard_atom::value);
    std::erase_if(heard, [](int n) { return n < 0; });
    return heard;
  };
  REQUIRE(eventually([&] { return tail(a) == range(0, 500) && tail(b) == range(0, 500); }));
  REQUIRE(::kill(ask<int>(a, pid_atom::value), SIGKILL) == 0);
  CHECK(ask<int>(from, 500, 1000) == 500);
  CHECK(eventually([&] { return tail(b) == range(0, 1000); }));
}

TEST_CASE_METHOD(fixture, "what is published while a subscriber is away reaches its next life",
                 "[actors][process][crash]") {
  using enum actors::during_restart;
  open({.capacity = 64, .credit = 2});
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  bulkhead::child_spec spec{.name = "far"};
  spec.backoff.initial = spec.backoff.max = std::chrono::seconds(2);
  const auto far = actors::spawn_process<far_listener>(
      sys, sup, spec, {.during_restart = GENERATE(fail, wait, retry)}, hear, numbers_broker());
  subscribe("n", far);
  caf::scoped_actor self(sys.caf());
  actors::watch(self, far);
  // The second death in a row: now it rests before it starts again.
  for (int deaths = 0; deaths < 2; ++deaths) {
    int pid = 0;
    REQUIRE(eventually([&] { return (pid = ask<int>(far, pid_atom::value)) != 0; }));
    REQUIRE(::kill(pid, SIGKILL) == 0);
    self->receive([](const actors::restarted&) {});
  }
  for (int n = 0; n < 20; ++n) REQUIRE(publish(n));
  CHECK(eventually([&] { return ask<std::vector<int>>(far, heard_atom::value) == range(0, 20); }));
}

TEST_CASE_METHOD(fixture, "a stopped process holds up nobody, and then gets what is left for it",
                 "[actors][process][crash]") {
  open({.capacity = 8, .credit = 2});
  const auto far =
      actors::spawn_process<far_listener>(sys, {.name = "far"}, hear, numbers_broker());
  subscribe("n", far);
  subscribe("n", make(fast));
  const int pid = ask<int>(far, pid_atom::value);
  ::kill(pid, SIGSTOP);
  REQUIRE(eventually([&] { return is_stopped(pid); }));
  const bool by_full_lane = GENERATE(false, true);
  int others = 0;
  if (by_full_lane) {
    // What others send fills the way to it and all that is kept (system_options::kept_bytes), so
    // that there is no room for the broker's.
    std::atomic<bool> sent{false};
    others = 40000;
    sys.caf().spawn([&](caf::event_based_actor* self) {
      // Those of the broker's size come last, so that not even one of these fits.
      for (int n = 0; n < others; ++n) self->send(far, std::string(n < 20000 ? 4096 : 1, 'o'), -1);
      sent = true;
    });
    REQUIRE(eventually([&] { return sent.load(); }));
  }
  for (int n = 0; n < 100; ++n) {
    REQUIRE(publish(n));
    REQUIRE(fast.sees(range(0, n + 1)));
  }
  // One may be on its way to it just now, to find no room.
  CHECK(eventually(
      [&] { return actors::counters(topics).dropped_oldest == (by_full_lane ? 92u : 90u); }));
  ::kill(pid, SIGCONT);
  std::vector<int> wanted = by_full_lane ? range(92, 100) : std::vector{0, 1};
  if (!by_full_lane) {
    for (const int n : range(92, 100)) wanted.push_back(n);
  }
  const auto heard = [&] {
    auto all = ask<std::vector<int>>(far, heard_atom::value);
    std::erase_if(all, [](int n) { return n < 0; });
    return all;
  };
  CHECK(eventually([&] { return heard() == wanted; }));
}
