#include <bulkhead/actors/feed.hpp>

#include <algorithm>
#include <bulkhead/errc.hpp>
#include <caf/response_promise.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>
#include <stdexcept>
#include <string>

#include "actors/feed_fixture.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::actors::feed_errc;

namespace {

// Silences CAF's report of an exception that a test throws on purpose.
template <class Self>
void throw_quietly(Self* self) {
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
}

// What join throws, as text.
std::string failure_of(const bulkhead::actors::feed& feed) {
  try {
    feed.join();
  } catch (const bulkhead::error& e) {
    return e.what();
  }
  return {};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(feed_fixture,
                 "when the actor quits, all that it had is released and the feed says so",
                 "[actors][unit]") {
  auto from = make_queue(20);
  auto sink = system.caf().spawn([&](item_actor::pointer self) -> item_actor::behavior_type {
    return {[&, self](const item& i) {
      seen.add(i.number);
      if (i.number < 3) return;
      hold.pass();
      self->quit();
    }};
  });
  auto running = feed(from, sink, 8);
  REQUIRE(eventually([&] { return seen.all() == numbers(4) && from->leased().size() == 8; }));
  hold.open();
  CHECK(error_of(running) == feed_errc::actor_down);
  CHECK(running.ended());
  // The handler in which it quit was done.
  CHECK(from->acknowledged() == numbers(4));
  CHECK(seen.all() == numbers(4));
  CHECK(from->leased().empty());
  // By two threads at once, in any order: a queue delivers by position, not by release.
  std::vector<int> released(from->released());
  std::sort(released.begin(), released.end());
  REQUIRE(released.size() >= 7);
  released.resize(7);
  CHECK(released == std::vector{4, 5, 6, 7, 8, 9, 10});

  // Another actor gets all of it.
  auto second = spawn([&](const item& i) { seen.add(i.number); });
  feed(from, second).join();
  CHECK(seen.all() == numbers(20));
}

TEST_CASE_METHOD(
    feed_fixture,
    "a handler that throws has its message released, with the rest of the dead actor's",
    "[actors][unit]") {
  auto from = make_queue(10);
  auto sink = system.caf().spawn([&](item_actor::pointer self) -> item_actor::behavior_type {
    throw_quietly(self);
    return {[&](const item& i) {
      seen.add(i.number);
      if (i.number == 4) throw std::runtime_error("no good");
    }};
  });
  auto running = feed(from, sink);
  CHECK(error_of(running) == feed_errc::handler_failed);
  INFO(failure_of(running));
  CHECK(has(failure_of(running), "'items'"));
  CHECK(has(failure_of(running), "runtime_error"));
  CHECK(from->acknowledged() == numbers(4));
  CHECK(from->leased().empty());
  CHECK(seen.all() == numbers(5));
}

TEST_CASE_METHOD(
    feed_fixture,
    "a handler that returns an error has its message released; the actor goes on with what it has",
    "[actors][unit]") {
  using picky = caf::typed_actor<caf::replies_to<item>::with<int>>;
  auto from = make_queue(20);
  auto sink = system.caf().spawn([&](picky::pointer) -> picky::behavior_type {
    return {[&](const item& i) -> caf::result<int> {
      if (i.number == 0) hold.pass();
      seen.add(i.number);
      if (i.number == 2) return caf::make_error(caf::sec::runtime_error, "not a 2");
      return i.number;
    }};
  });
  auto running = feed(from, sink, 6);
  REQUIRE(eventually([&] { return from->leased().size() == 6; }));
  hold.open();
  CHECK(has(failure_of(running), "not a 2"));
  CHECK(from->leased().empty());
  CHECK(from->released().front() == 2);
  const auto done = from->acknowledged();
  CHECK(done.size() >= 5);
  CHECK(std::count(done.begin(), done.end(), 2) == 0);
  const auto handled = seen.all();
  CHECK(std::count(handled.begin(), handled.end(), 2) == 1);
}

TEST_CASE_METHOD(feed_fixture, "a failing feed does not take what it releases again",
                 "[actors][unit]") {
  auto from = make_queue(1, false);
  auto sink = system.caf().spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](const item&) -> caf::result<int> {
      CHECK(eventually([&] { return from->in_take(); }));
      return caf::sec::runtime_error;
    }};
  });
  auto running = feed(from, sink);
  CHECK(error_of(running) == feed_errc::handler_failed);
  CHECK(from->takes() == 1);
  CHECK(from->released() == numbers(1));
}

TEST_CASE_METHOD(feed_fixture, "a promise that is dropped has its message released",
                 "[actors][unit]") {
  auto from = make_queue(3);
  auto sink = system.caf().spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[self](const item& i) {
      auto promise = self->make_response_promise();
      if (i.number != 1) promise.deliver(caf::unit);
      return promise;
    }};
  });
  auto running = feed(from, sink, 1);
  CHECK(has(failure_of(running), "promise"));
  CHECK(error_of(running) == feed_errc::handler_failed);
  CHECK(from->acknowledged() == numbers(1));
  CHECK(from->released().front() == 1);
}

TEST_CASE_METHOD(feed_fixture, "an actor that has no handler for the message ends the feed",
                 "[actors][unit]") {
  auto from = make_queue(3);
  auto sink = system.caf().spawn([](caf::event_based_actor* self) -> caf::behavior {
    refuse_others(self);
    return {[](int) {}};
  });
  auto running = feed(from, sink);
  CHECK(error_of(running) == feed_errc::handler_failed);
  CHECK(from->acknowledged().empty());
  CHECK(from->leased().empty());
}

TEST_CASE_METHOD(feed_fixture, "an actor that ends while nothing comes ends the feed",
                 "[actors][unit]") {
  auto from = make_queue(1, false);
  auto sink = system.caf().spawn([&](item_actor::pointer self) -> item_actor::behavior_type {
    return {[&, self](const item&) { self->quit(); }};
  });
  auto running = feed(from, sink);
  CHECK(error_of(running) == feed_errc::actor_down);
  CHECK(from->acknowledged() == numbers(1));
  CHECK(from->takes() == 1);
}

TEST_CASE_METHOD(feed_fixture, "an actor may end with the last message", "[actors][unit]") {
  auto from = make_queue(5);
  auto sink = system.caf().spawn([&](item_actor::pointer self) -> item_actor::behavior_type {
    return {[&, self](const item& i) {
      if (i.number == 4) self->quit();
    }};
  });
  feed(from, sink).join();
  CHECK(from->acknowledged() == numbers(5));
}

TEST_CASE_METHOD(feed_fixture, "an actor that is dead from the start gets nothing",
                 "[actors][unit]") {
  auto from = make_queue(5, false);
  auto sink = spawn([](const item&) {});
  bulkhead::actors::compat::send_exit(caf::actor_cast<caf::strong_actor_ptr>(sink),
                                      caf::exit_reason::kill);
  REQUIRE(eventually([&] { return bulkhead::actors::compat::running(system.caf()) == 0; }));
  auto running = feed(from, sink);
  CHECK(error_of(running) == feed_errc::actor_down);
  CHECK(from->acknowledged().empty());
  CHECK(from->leased().empty());
  CHECK(from->takes() <= 1);
}
