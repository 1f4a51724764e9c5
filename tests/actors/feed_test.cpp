#include <bulkhead/actors/feed.hpp>

#include <bulkhead/errc.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/typed_response_promise.hpp>
#include <optional>

#include "actors/feed_fixture.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;

TEST_CASE_METHOD(feed_fixture, "a feed hands every message to the actor once, in order",
                 "[actors][unit]") {
  auto from = make_queue(1000);
  auto sink = spawn([&](const item& i) {
    seen.add(i.number);
    if (i.text != "item " + std::to_string(i.number)) seen.add(-1);
  });
  feed(from, sink).join();
  CHECK(seen.all() == numbers(1000));
  CHECK(from->acknowledged() == numbers(1000));
  CHECK(from->released().empty());
}

TEST_CASE_METHOD(feed_fixture, "a message is acknowledged when its handler is done, not before",
                 "[actors][unit]") {
  auto from = make_queue(2);
  auto sink = spawn([&](const item& i) {
    seen.add(i.number);
    if (i.number == 1) hold.pass();
  });
  auto running = feed(from, sink);
  REQUIRE(eventually([&] { return seen.all() == numbers(2); }));
  REQUIRE(eventually([&] { return from->acknowledged() == numbers(1); }));
  CHECK(from->leased() == std::vector{1});
  CHECK_FALSE(running.ended());
  CHECK_FALSE(running.join_for(std::chrono::milliseconds(1)));
  hold.open();
  running.join();
  CHECK(running.ended());
  CHECK(from->acknowledged() == numbers(2));
}

TEST_CASE_METHOD(feed_fixture, "the actor has no more messages than the credit", "[actors][unit]") {
  auto from = make_queue(50);
  auto sink = spawn([&](const item&) { hold.pass(); });
  auto running = feed(from, sink, 7);
  REQUIRE(eventually([&] { return from->leased().size() == 7; }));
  hold.open();
  running.join();
  CHECK(from->leased_most() == 7);
  CHECK(from->acknowledged() == numbers(50));
}

TEST_CASE_METHOD(feed_fixture, "join waits for an open queue", "[actors][unit]") {
  auto from = make_queue(3, false);
  auto running = feed(from, spawn([&](const item& i) { seen.add(i.number); }));
  REQUIRE(eventually([&] { return from->acknowledged().size() == 3; }));
  CHECK_FALSE(running.join_for(std::chrono::milliseconds(1)));
  from->close();
  running.join();
  running.join();
  CHECK(seen.all() == numbers(3));
}

TEST_CASE_METHOD(feed_fixture,
                 "an actor that answers with a result is fed as one that answers nothing",
                 "[actors][unit]") {
  using doubler = caf::typed_actor<caf::replies_to<item>::with<int>>;
  auto from = make_queue(20);
  auto sink = system.caf().spawn([](doubler::pointer) -> doubler::behavior_type {
    return {[](item& i) { return 2 * i.number; }};
  });
  feed(from, sink).join();
  CHECK(from->acknowledged() == numbers(20));
}

TEST_CASE_METHOD(feed_fixture, "dynamically typed, detached and blocking actors are fed too",
                 "[actors][unit]") {
  auto from = make_queue(20);
  SECTION("dynamically typed") {
    auto sink = system.caf().spawn([&](caf::event_based_actor*) -> caf::behavior {
      return {[&](item i) { seen.add(i.number); }};
    });
    CHECK(feed(from, sink).join_for(patience));
  }
  SECTION("detached") {
    auto sink = system.caf().spawn<caf::detached>([&](caf::event_based_actor*) -> caf::behavior {
      return {[&](const item& i) { seen.add(i.number); }};
    });
    CHECK(feed(from, sink).join_for(patience));
  }
  SECTION("blocking") {
    auto sink = system.caf().spawn([&](caf::blocking_actor* self) {
      for (int i = 0; i < 20; ++i) self->receive([&](const item& one) { seen.add(one.number); });
    });
    CHECK(feed(from, sink).join_for(patience));
  }
  CHECK(seen.all() == numbers(20));
  CHECK(from->acknowledged() == numbers(20));
}

TEST_CASE_METHOD(feed_fixture, "a handler that returns a promise is done when that is answered",
                 "[actors][unit]") {
  using promiser = caf::typed_actor<caf::replies_to<item>::with<int>, caf::reacts_to<int>>;
  auto from = make_queue(1);
  auto sink = system.caf().spawn([&](promiser::pointer self) -> promiser::behavior_type {
    auto open = std::make_shared<caf::typed_response_promise<int>>();
    return {[self, open, this](const item& i) {
              *open = self->make_response_promise<int>();
              seen.add(i.number);
              return *open;
            },
            [open](int answer) { open->deliver(answer); }};
  });
  auto running = feed(from, sink);
  REQUIRE(eventually([&] { return seen.all() == numbers(1); }));
  // The actor has been through another message since, so its handler has returned.
  CHECK_FALSE(running.join_for(std::chrono::milliseconds(20)));
  CHECK(from->leased() == numbers(1));
  caf::actor_cast<caf::strong_actor_ptr>(sink)->get()->enqueue(
      bulkhead::actors::compat::make_element(nullptr, caf::make_message_id(), caf::make_message(7)),
      nullptr);
  running.join();
  CHECK(from->acknowledged() == numbers(1));
}

TEST_CASE_METHOD(feed_fixture,
                 "a stopped feed takes no more, and what the actor has is acknowledged",
                 "[actors][unit]") {
  auto from = make_queue(50);
  auto sink = spawn([&](const item& i) {
    seen.add(i.number);
    hold.pass();
  });
  auto running = feed(from, sink, 5);
  REQUIRE(eventually([&] { return from->leased().size() == 5; }));
  running.stop();
  hold.open();
  running.join();
  CHECK(from->acknowledged() == numbers(5));
  CHECK(from->takes() == 5);
  CHECK(from->released().empty());
}

TEST_CASE_METHOD(feed_fixture, "a feed that is destroyed releases what the actor has not handled",
                 "[actors][unit]") {
  auto from = make_queue(50);
  auto sink = spawn([&](const item& i) {
    seen.add(i.number);
    if (i.number == 2) hold.pass();
  });
  {
    auto running = feed(from, sink, 5);
    REQUIRE(eventually([&] { return seen.all() == numbers(3) && from->leased().size() == 5; }));
  }
  CHECK(from->acknowledged() == numbers(2));
  CHECK(from->released() == std::vector{2, 3, 4, 5, 6});
  CHECK(from->leased().empty());
  // Late answers of the actor change nothing.
  hold.open();
  REQUIRE(eventually([&] { return seen.all() == numbers(7); }));
  CHECK(from->acknowledged() == numbers(2));
}

TEST_CASE_METHOD(feed_fixture, "an error of the queue ends the feed with it", "[actors][unit]") {
  auto from = make_queue(2, false);
  auto running = feed(from, spawn([&](const item& i) { seen.add(i.number); }));
  REQUIRE(eventually([&] { return from->acknowledged() == numbers(2); }));
  from->fail_with(errc::corrupt);
  CHECK(error_of(running) == errc::corrupt);
  CHECK(running.ended());
}

TEST_CASE_METHOD(feed_fixture, "a stop request ends join although the actor is still at work",
                 "[actors][unit]") {
  auto from = make_queue(1, false);
  auto sink = spawn([&](const item& i) {
    seen.add(i.number);
    hold.pass();
  });
  auto running = feed(from, sink);
  REQUIRE(eventually([&] { return seen.all() == numbers(1); }));
  from->fail_with(errc::stop_requested);
  CHECK(error_of(running) == errc::stop_requested);
  hold.open();
  REQUIRE(eventually([&] { return from->acknowledged() == numbers(1); }));
}

TEST_CASE_METHOD(feed_fixture, "a feed moves", "[actors][unit]") {
  auto from = make_queue(10, false);
  auto one = feed(from, spawn([&](const item& i) { seen.add(i.number); }));
  bulkhead::actors::feed other;
  CHECK_FALSE(other);
  other = std::move(one);
  CHECK_FALSE(one);
  from->close();
  other.join();
  CHECK(seen.all() == numbers(10));
}
