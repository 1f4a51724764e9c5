// Sinks into real queues, and into other processes.
#include <bulkhead/actors/to_queue.hpp>

#include <bulkhead/actors/from_queue.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/bulkhead.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "actors/asking.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;
namespace actors = bulkhead::actors;

namespace {

using number = std::uint64_t;
using stage = caf::typed_actor<caf::reacts_to<number>>;

// Answers its input only when the result is in the queue: what is lost with it comes again.
stage::behavior_type square(stage::pointer self, const actors::sink<number>& out) {
  return {[self, out](number n) { return self->delegate(out, n * n); }};
}

// A child: numbers in, squares out, by an actor of its own.
void run_stage(bulkhead::queue<number> in, bulkhead::queue<number> out) {
  actors::system sys;
  auto squares = sys.caf().spawn(square, actors::to_queue(sys, out));
  actors::from_queue(sys, in, squares, {.credit = 8}).join();
}

struct fixture : asking {
  template <class T>
  static std::vector<T> drained(const bulkhead::queue<T>& from) {
    std::vector<T> all;
    while (auto one = from.try_receive()) all.push_back(*one);
    return all;
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "what is sent to the actor is in the queue", "[actors][process]") {
  bulkhead::queue<std::string> words(rt);
  const auto to = actors::to_queue(sys, words);
  caf::scoped_actor self(sys.caf());
  self->send(to, std::string("one"));
  self->request(to, caf::infinite, std::string(100000, 'x')).receive([] {}, [](caf::error&) {});
  CHECK(drained(words) == std::vector<std::string>{"one", std::string(100000, 'x')});
}

TEST_CASE_METHOD(fixture, "a queue's overflow policy is the sink's", "[actors][process]") {
  const auto policy = GENERATE(bulkhead::overflow::refuse, bulkhead::overflow::drop_oldest,
                               bulkhead::overflow::drop_newest);
  bulkhead::queue<number> q(rt, {.capacity = 4, .overflow = policy});
  const auto to = actors::to_queue(sys, q);
  std::atomic<int> good{0}, full{0};
  sys.caf().spawn([&](caf::event_based_actor* self) {
    for (number n = 0; n < 10; ++n) {
      self->request(to, caf::infinite, n)
          .then([&] { ++good; },
                [&](const caf::error& why) {
                  if (actors::is(why, errc::full)) ++full;
                });
    }
  });
  REQUIRE(eventually([&] { return good + full == 10; }));
  const auto there = drained(q);
  if (policy == bulkhead::overflow::refuse) {
    CHECK(full == 6);
    CHECK(there == std::vector<number>{0, 1, 2, 3});
  } else {
    CHECK(full == 0);
    CHECK(there == (policy == bulkhead::overflow::drop_oldest ? std::vector<number>{6, 7, 8, 9}
                                                              : std::vector<number>{0, 1, 2, 3}));
  }
}

TEST_CASE_METHOD(fixture, "a closed queue ends the actor", "[actors][process]") {
  bulkhead::queue<number> q(rt);
  const auto to = actors::to_queue(sys, q);
  q.close();
  caf::scoped_actor self(sys.caf());
  self->monitor(to);
  self->send(to, number{1});
  self->receive([](const caf::down_msg& down) { CHECK(actors::is(down.reason, errc::closed)); });
}

TEST_CASE_METHOD(fixture, "nothing to send to, and no room to wait, are refused at once",
                 "[actors][process]") {
  CHECK_THROWS_AS(actors::to_queue(sys, bulkhead::queue<number>()), std::invalid_argument);
  bulkhead::queue<number> q(rt);
  CHECK_THROWS_AS(actors::to_queue(sys, q, {.waiting = 0}), std::invalid_argument);
}

TEST_CASE_METHOD(fixture, "a stage of actors between two queues loses nothing when it is killed",
                 "[actors][process][crash]") {
  constexpr number count = 2000;
  bulkhead::queue<number> in(rt, {.capacity = 4096, .max_attempts = 0, .max_deliveries = 0});
  bulkhead::queue<number> out(rt, {.capacity = 16});
  for (number n = 0; n < count; ++n) in.send(n);
  in.close();
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  bulkhead::child_spec spec{.name = "stage", .restart = bulkhead::restart::transient};
  spec.backoff = bulkhead::no_backoff;
  auto child = sup.start(spec, &run_stage, in, out);
  std::vector<int> seen(count);
  number got = 0, more = 0;
  while (got < count) {
    const auto square = out.receive_for(patience);
    REQUIRE(square);
    number root = 0;
    while (root * root < *square) ++root;
    if (++seen.at(root) == 1) ++got;
    if (++more % 400 == 0) child.kill();
  }
  // Each at least once; those that were under way at a kill perhaps again.
  CHECK(std::count(seen.begin(), seen.end(), 0) == 0);
  CHECK(child.join_for(patience).has_value());
}
