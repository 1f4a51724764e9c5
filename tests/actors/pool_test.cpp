// Pools of local actors, and of actors in processes.
#include <bulkhead/actors/pool.hpp>

#include <unistd.h>
#include <algorithm>
#include <bulkhead/actors/spawn_process.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "actors/asking.hpp"
#include "actors/stopped.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;
namespace actors = bulkhead::actors;
using policy = actors::pool_policy;

namespace {

using who_atom = caf::atom_constant<caf::atom("who")>;
using hold_atom = caf::atom_constant<caf::atom("hold")>;
using note_atom = caf::atom_constant<caf::atom("note")>;
using die_atom = caf::atom_constant<caf::atom("die")>;

// Says which of the workers it is; holds answers back until it is told to give them.
using worker = caf::typed_actor<caf::replies_to<who_atom, int>::with<int>,
                                caf::replies_to<hold_atom>::with<int>, caf::reacts_to<note_atom>,
                                caf::replies_to<die_atom>::with<int>>;

// Before the system, whose actors write to it: its end comes first.
struct record {
  std::mutex mutex;
  std::multiset<int> notes;
  std::map<int, int> holds;
  std::map<int, std::vector<caf::typed_response_promise<int>>> held;
  std::atomic<int> good{0}, bad{0};  ///< What became of requests that were held.
};

struct fixture : record, asking {
  worker make(int number) {
    return sys.caf().spawn([this, number](worker::pointer self) -> worker::behavior_type {
      return {[number](who_atom, int) { return number; },
              [=, this](hold_atom) {
                const std::lock_guard lock(mutex);
                held[number].push_back(self->make_response_promise<int>());
                ++holds[number];
                return held[number].back();
              },
              [=, this](note_atom) {
                const std::lock_guard lock(mutex);
                notes.insert(number);
              },
              [=](die_atom) -> caf::result<int> {
                self->quit(caf::sec::runtime_error);
                return caf::error(caf::sec::runtime_error);
              }};
    });
  }
  std::vector<worker> make_some(int count) {
    std::vector<worker> all;
    for (int n = 0; n < count; ++n) all.push_back(make(n));
    return all;
  }
  int who(const actors::pool<worker>& p, int key = 0) {
    return ask<int>(p.handle(), who_atom::value, key);
  }
  int held_by(int number) {
    const std::lock_guard lock(mutex);
    return holds[number];
  }
  /// Makes requests of which the workers hold the answers back.
  void hold(const actors::pool<worker>& p, int count) {
    const auto sent = std::make_shared<std::atomic<bool>>(false);
    sys.caf().spawn([&, sent, to = p.handle(), count](caf::event_based_actor* self) {
      for (int n = 0; n < count; ++n) {
        self->request(to, caf::infinite, hold_atom::value)
            .then([&](int) { ++good; }, [&](const caf::error&) { ++bad; });
      }
      *sent = true;
    });
    REQUIRE(eventually([&] { return sent->load(); }));
  }
  void answer(int number) {
    std::vector<caf::typed_response_promise<int>> all;
    {
      const std::lock_guard lock(mutex);
      all.swap(held[number]);
    }
    for (auto& one : all) one.deliver(number);
  }
  ~fixture() {
    const std::lock_guard lock(mutex);
    held.clear();
  }
};

worker::behavior_type work(worker::pointer self) {
  const auto held = std::make_shared<std::vector<caf::typed_response_promise<int>>>();
  return {[](who_atom, int) { return static_cast<int>(::getpid()); },
          [=](hold_atom) {
            held->push_back(self->make_response_promise<int>());
            return held->back();
          },
          [](note_atom) {},
          [](die_atom) {
            ::raise(SIGKILL);
            return 0;
          }};
}

}  // namespace

TEST_CASE_METHOD(fixture, "round robin gives each worker every n-th message", "[actors][process]") {
  const actors::pool<worker> p(sys, make_some(3));
  for (int n = 0; n < 9; ++n) CHECK(who(p) == n % 3);
  CHECK(p.size() == 3);
}

TEST_CASE_METHOD(fixture, "least loaded passes over who has not answered yet",
                 "[actors][process]") {
  const actors::pool<worker> p(sys, make_some(3), {.policy = policy::least_loaded()});
  hold(p, 2);
  REQUIRE(eventually([&] { return held_by(0) + held_by(1) + held_by(2) == 2; }));
  const int idle = held_by(0) == 0 ? 0 : held_by(1) == 0 ? 1 : 2;
  for (int n = 0; n < 6; ++n) CHECK(who(p) == idle);
  answer((idle + 1) % 3);
  REQUIRE(eventually([&] { return good == 1; }));
  std::set<int> both;
  for (int n = 0; n < 6; ++n) both.insert(who(p));
  CHECK(both == std::set{idle, (idle + 1) % 3});
  answer((idle + 2) % 3);
  REQUIRE(eventually([&] { return good == 2; }));
}

TEST_CASE_METHOD(fixture, "the same key goes to the same worker, and only a dead one's keys move",
                 "[actors][process]") {
  const actors::pool<worker> p(sys, make_some(4),
                               {.policy = policy::by_key([](who_atom, int key) { return key; })});
  constexpr int keys = 64;
  std::vector<int> first(keys);
  for (int key = 0; key < keys; ++key) first[static_cast<std::size_t>(key)] = who(p, key);
  CHECK(std::set<int>(first.begin(), first.end()).size() == 4);
  for (int key = 0; key < keys; ++key) CHECK(who(p, key) == first[static_cast<std::size_t>(key)]);
  CHECK(p.remove(p.workers()[2]));
  CHECK(p.size() == 3);
  for (int key = 0; key < keys; ++key) {
    const int before = first[static_cast<std::size_t>(key)];
    const int now = who(p, key);
    if (before == 2) {
      CHECK(now != 2);
    } else {
      CHECK(now == before);
    }
  }
}

TEST_CASE_METHOD(fixture, "broadcast reaches all, and a request has the first good answer",
                 "[actors][process]") {
  const actors::pool<worker> p(sys, make_some(3), {.policy = policy::broadcast()});
  caf::anon_send(p.handle(), note_atom::value);
  REQUIRE(eventually([&] {
    const std::lock_guard lock(mutex);
    return notes == std::multiset{0, 1, 2};
  }));
  // One that refuses at once does not stand for the others.
  const actors::pool<worker> empty(sys);
  const actors::pool<worker> mixed(sys, {empty.handle(), make(5), empty.handle()},
                                   {.policy = policy::broadcast()});
  CHECK(who(mixed) == 5);
}

TEST_CASE_METHOD(fixture, "a broadcast request fails when all fail", "[actors][process]") {
  const actors::pool<worker> p(sys, make_some(3), {.policy = policy::broadcast()});
  CHECK(ask<int>(p.handle(), die_atom::value) == 0);
  CHECK(failure == caf::sec::runtime_error);
  REQUIRE(eventually([&] { return p.size() == 0; }));
  ask<int>(p.handle(), die_atom::value);
  CHECK(failure == caf::sec::request_receiver_down);
}

TEST_CASE_METHOD(fixture, "a worker that ends leaves the pool", "[actors][process]") {
  const actors::pool<worker> p(sys, make_some(2));
  caf::anon_send_exit(p.workers()[0], caf::exit_reason::kill);
  REQUIRE(eventually([&] { return p.size() == 1; }));
  for (int n = 0; n < 4; ++n) CHECK(who(p) == 1);
}

TEST_CASE_METHOD(fixture, "a request that its worker refuses fails, or goes to another",
                 "[actors][process]") {
  // A worker that refuses, and does not end: a pool without any.
  const actors::pool<worker> empty(sys);
  const actors::pool<worker> once(sys, {empty.handle(), make(8)});
  const actors::pool<worker> twice(sys, {empty.handle(), make(8)}, {.max_attempts = 2});
  CHECK(who(once) == 0);
  CHECK(failure == caf::sec::request_receiver_down);
  CHECK(who(once) == 8);
  for (int n = 0; n < 4; ++n) CHECK(who(twice) == 8);
}

TEST_CASE_METHOD(fixture, "a pool without workers refuses, and serves when it gets one",
                 "[actors][process]") {
  const actors::pool<worker> p(sys);
  who(p);
  CHECK(failure == caf::sec::request_receiver_down);
  const worker one = make(1);
  p.add(one);
  p.add(one);
  CHECK(p.size() == 1);
  CHECK(who(p) == 1);
  CHECK(p.remove(one));
  CHECK_FALSE(p.remove(one));
  CHECK_THROWS_AS(p.add(worker()), std::invalid_argument);
  CHECK_THROWS_AS(actors::pool<worker>(sys, {}, {.max_attempts = 0}), std::invalid_argument);
}

TEST_CASE_METHOD(fixture, "an exit message to the pool ends it and its workers",
                 "[actors][process]") {
  const actors::pool<worker> p(sys, make_some(2));
  caf::scoped_actor self(sys.caf());
  for (const auto& one : p.workers()) self->monitor(one);
  self->monitor(p.handle());
  caf::anon_send_exit(p.handle(), caf::exit_reason::user_shutdown);
  for (int n = 0; n < 3; ++n) {
    self->receive(
        [](const caf::down_msg& down) { CHECK(down.reason == caf::exit_reason::user_shutdown); });
  }
}

TEST_CASE_METHOD(fixture, "a pool's worker that drops a request is told of as one",
                 "[actors][process]") {
  using dropper = caf::typed_actor<caf::replies_to<int>::with<int>>;
  const actors::pool<dropper> p(
      sys, {sys.caf().spawn([](dropper::pointer self) -> dropper::behavior_type {
        return {[self](int) { return self->make_response_promise<int>(); }};
      })},
      {.policy = policy::least_loaded()});
  ask<int>(p.handle(), 1);
  CHECK(actors::is_broken_promise(failure));
}

TEST_CASE_METHOD(fixture, "a pool of processes goes on when one is killed",
                 "[actors][process][crash]") {
  std::vector<worker> all;
  for (int n = 0; n < 3; ++n) {
    all.push_back(actors::spawn_process<worker>(sys, {.name = "worker"}, work));
  }
  const std::uint32_t max_attempts = GENERATE(1u, 3u);
  const actors::pool<worker> p(sys, all, {.max_attempts = max_attempts});
  std::set<int> pids;
  for (int n = 0; n < 6; ++n) pids.insert(who(p));
  CHECK(pids.size() == 3);
  hold(p, 6);
  const int victim = *pids.begin();
  REQUIRE(::kill(victim, SIGKILL) == 0);
  REQUIRE(eventually([&] { return p.size() == 2; }));
  // Two were its: they fail with it, or wait for another now.
  CHECK(eventually([&] { return bad == (max_attempts == 1 ? 2 : 0); }));
  for (int n = 0; n < 6; ++n) CHECK(who(p) != victim);
  CHECK_FALSE(failure);
}

TEST_CASE_METHOD(fixture, "a request that kills who handles it is given to so many, and no more",
                 "[actors][process][crash]") {
  std::vector<worker> all;
  for (int n = 0; n < 3; ++n) all.push_back(actors::spawn_process<worker>(sys, {}, work));
  const actors::pool<worker> p(sys, all, {.max_attempts = 2});
  ask<int>(p.handle(), die_atom::value);
  CHECK(actors::is(failure, errc::peer_crashed));
  CHECK(eventually([&] { return p.size() == 1; }));
  failure = {};
  CHECK(who(p) != 0);
}

TEST_CASE_METHOD(fixture, "a supervised worker stays, and the others serve while it is away",
                 "[actors][process][crash]") {
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  std::vector<worker> all;
  for (const char* name : {"a", "b"}) {
    bulkhead::child_spec spec{.name = name};
    spec.backoff = bulkhead::no_backoff;
    all.push_back(actors::spawn_process<worker>(sys, sup, spec, work));
  }
  const actors::pool<worker> p(sys, all, {.max_attempts = 3});
  for (int deaths = 0; deaths < 5; ++deaths) {
    const int victim = who(p);
    REQUIRE(::kill(victim, SIGKILL) == 0);
    // None of these fails, wherever they come.
    for (int n = 0; n < 20; ++n) CHECK(who(p) != 0);
    REQUIRE_FALSE(failure);
    CHECK(p.size() == 2);
  }
  std::set<int> pids;
  REQUIRE(eventually([&] {
    pids.insert(who(p));
    const auto children = sup.which_children();
    return std::all_of(children.begin(), children.end(),
                       [&](const auto& child) { return pids.count(child.pid) == 1; });
  }));
}

TEST_CASE_METHOD(fixture, "a worker that rests before its next start is passed over",
                 "[actors][process][crash]") {
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  bulkhead::child_spec spec{.name = "a"};
  spec.backoff.initial = spec.backoff.max = std::chrono::hours(1);
  const worker a = actors::spawn_process<worker>(sys, sup, spec, work);
  const worker b = actors::spawn_process<worker>(sys, {.name = "b"}, work);
  const actors::pool<worker> p(sys, {a, b});
  caf::scoped_actor self(sys.caf());
  actors::watch(self, a);
  const auto die = [&] {
    ask<int>(a, die_atom::value);
    CHECK(actors::is(failure, errc::peer_restarted));
    failure = {};
    // From then on it is known to be away.
    self->receive([](const actors::restarted&) {});
  };
  die();
  REQUIRE(eventually([&] { return ask<int>(a, who_atom::value, 0) != 0; }));
  die();  // once more in a row: now it rests
  failure = {};
  const int other = ask<int>(b, who_atom::value, 0);
  for (int n = 0; n < 6; ++n) CHECK(who(p) == other);
  CHECK_FALSE(failure);
  CHECK(p.size() == 2);
}

TEST_CASE_METHOD(fixture, "the end of a pool waits for no worker that has no room",
                 "[actors][process]") {
  using texts = caf::typed_actor<caf::reacts_to<std::string>, caf::replies_to<who_atom>::with<int>>;
  const auto take = [](texts::pointer) -> texts::behavior_type {
    return {[](const std::string&) {}, [](who_atom) { return static_cast<int>(::getpid()); }};
  };
  const texts far = actors::spawn_process<texts>(sys, {.name = "far"}, +take);
  const texts near = sys.caf().spawn(+take);
  const int pid = ask<int>(far, who_atom::value);
  ::kill(pid, SIGSTOP);
  REQUIRE(eventually([&] { return is_stopped(pid); }));
  std::atomic<bool> sent{false}, told{false};
  sys.caf().spawn([&](caf::event_based_actor* self) {
    for (int n = 0; n < 8; ++n) self->send(far, std::string(std::size_t{1} << 20, 'x'));
    sent = true;
  });
  REQUIRE(eventually([&] { return sent.load(); }));
  const actors::pool<texts> p(sys, {far, near});
  caf::scoped_actor self(sys.caf());
  self->monitor(near);
  std::thread ends([&] {
    caf::anon_send_exit(p.handle(), caf::exit_reason::user_shutdown);
    told = true;
  });
  CHECK(eventually([&] { return told.load(); }));
  ::kill(pid, SIGCONT);
  ends.join();
  self->receive([](const caf::down_msg&) {});
  CHECK(eventually([&] { return p.size() == 0; }));
}
