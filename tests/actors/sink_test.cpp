// Sinks by themselves, with a mailbox in memory.
#include <bulkhead/actors/sink.hpp>

#include <atomic>
#include <bulkhead/actors/remote_error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <string>
#include <thread>

#include "actors/feed_fixture.hpp"
#include "actors/memory_output.hpp"
#include "sink_state.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;
namespace actors = bulkhead::actors;

namespace {

using number_sink = actors::sink<int>;

struct sink_fixture : feed_fixture {
  std::shared_ptr<memory_mailbox> box;
  number_sink to;

  number_sink open(std::size_t room, std::size_t waiting = 1024) {
    box = std::make_shared<memory_mailbox>(room);
    to = caf::actor_cast<number_sink>(
        actors::detail::start_sink(system, std::make_unique<memory_output>(box), waiting));
    return to;
  }
  /// Has an actor, which may not wait, do something once. @returns when it has.
  template <class Act>
  void by_actor(Act act) {
    std::atomic<bool> done{false};
    system.caf().spawn([&](caf::event_based_actor* self) {
      act(self);
      done = true;
    });
    REQUIRE(eventually([&] { return done.load(); }));
  }
  void send_by_actor(int count) {
    by_actor([&](caf::event_based_actor* self) {
      for (int i = 0; i < count; ++i) self->send(to, i);
    });
  }
};

/// What became of an actor's requests.
struct answers {
  std::atomic<int> good{0};
  std::atomic<int> full{0};
  std::atomic<int> closed{0};
  std::atomic<int> other{0};

  void note(const caf::error& why) {
    if (actors::is(why, errc::full)) {
      ++full;
    } else if (actors::is(why, errc::closed)) {
      ++closed;
    } else {
      ++other;
    }
  }
  // Of an actor that ends when all its requests are answered.
  static void ask(caf::event_based_actor* self, const number_sink& to, int count, answers& into) {
    for (int i = 0; i < count; ++i) {
      self->request(to, caf::infinite, i)
          .then([&] { ++into.good; }, [&](const caf::error& why) { into.note(why); });
    }
  }
};

}  // namespace

TEST_CASE_METHOD(sink_fixture, "a message is in the mailbox when send returns", "[actors][unit]") {
  open(100);
  by_actor([&](caf::event_based_actor* self) {
    for (int i = 0; i < 100; ++i) {
      self->send(to, i);
      if (box->numbers().size() != static_cast<std::size_t>(i) + 1) return;
    }
  });
  CHECK(box->numbers() == numbers(100));
}

TEST_CASE_METHOD(sink_fixture,
                 "what an actor sends into a full mailbox waits, in order, and does not hold it up",
                 "[actors][unit]") {
  open(3);
  send_by_actor(50);
  CHECK(box->numbers().size() == 3);
  for (std::size_t there = 3; there < 50; ++there) {
    box->make_room(1);
    REQUIRE(eventually([&] { return box->numbers().size() == there + 1; }));
  }
  CHECK(box->numbers() == numbers(50));
  CHECK(actors::dropped(to) == 0);
}

TEST_CASE_METHOD(sink_fixture, "no message overtakes one that its sender has waiting",
                 "[actors][unit]") {
  open(0);
  box->hold_who_waits(true);
  by_actor([&](caf::event_based_actor* self) {
    self->send(to, 0);
    box->make_room(10);
    for (int i = 1; i < 5; ++i) self->send(to, i);
  });
  CHECK(box->numbers().empty());
  box->hold_who_waits(false);
  REQUIRE(eventually([&] { return box->numbers().size() == 5; }));
  CHECK(box->numbers() == numbers(5));
}

TEST_CASE_METHOD(sink_fixture, "no more wait than may: others are dropped and counted",
                 "[actors][unit]") {
  open(2, 5);
  send_by_actor(20);
  CHECK(actors::dropped(to) == 13);
  box->make_room(20);
  REQUIRE(eventually([&] { return box->numbers().size() == 7; }));
  CHECK(box->numbers() == numbers(7));
}

TEST_CASE_METHOD(sink_fixture, "a request is answered when its message is there",
                 "[actors][unit]") {
  open(2, 5);
  answers got;
  by_actor([&](caf::event_based_actor* self) { answers::ask(self, to, 10, got); });
  // Two are there, five wait, three are too many.
  REQUIRE(eventually([&] { return got.good == 2 && got.full == 3; }));
  box->make_room(1);
  REQUIRE(eventually([&] { return got.good == 3; }));
  CHECK(box->numbers() == numbers(3));
  box->make_room(10);
  REQUIRE(eventually([&] { return got.good == 7; }));
  CHECK(got.full == 3);
  CHECK(actors::dropped(to) == 0);
}

TEST_CASE_METHOD(sink_fixture, "a plain thread and a scoped actor wait", "[actors][unit]") {
  open(0, 1);
  std::atomic<int> sent{0};
  std::thread plain([&] {
    for (int i = 0; i < 10; ++i, ++sent) caf::anon_send(to, i);
  });
  REQUIRE(eventually([&] { return box->puts() > 0; }));
  CHECK(sent == 0);
  box->make_room(10);
  plain.join();
  CHECK(box->numbers() == numbers(10));
  CHECK(actors::dropped(to) == 0);
  std::thread room([&] {
    static_cast<void>(eventually([&, before = box->puts()] { return box->puts() > before; }));
    box->make_room(1);
  });
  bool answered = false;
  caf::scoped_actor self(system.caf());
  self->request(to, caf::infinite, 10).receive([&] { answered = true; }, [](caf::error&) {});
  room.join();
  CHECK(answered);
  CHECK(box->numbers() == numbers(11));
}

TEST_CASE_METHOD(sink_fixture, "when the mailbox is closed the sink ends, and says so",
                 "[actors][unit]") {
  open(0);
  answers got;
  by_actor([&](caf::event_based_actor* self) {
    self->send(to, 0);
    answers::ask(self, to, 3, got);
  });
  caf::scoped_actor self(system.caf());
  self->monitor(to);
  box->fail_with(make_error_code(errc::closed));
  self->receive([&](const caf::down_msg& down) { CHECK(actors::is(down.reason, errc::closed)); });
  REQUIRE(eventually([&] { return got.closed == 3; }));
  CHECK(actors::dropped(to) == 1);
  self->request(to, caf::infinite, 1)
      .receive([] { FAIL("it took a message"); },
               [](const caf::error& why) { CHECK(actors::is(why, errc::closed)); });
  CHECK(box->closed());
}

TEST_CASE_METHOD(sink_fixture, "a message that cannot be put is answered so, and others follow",
                 "[actors][unit]") {
  open(10);
  box->fail_with(make_error_code(errc::too_large));
  caf::scoped_actor self(system.caf());
  self->request(to, caf::infinite, 0)
      .receive([] { FAIL("it took a message"); },
               [](const caf::error& why) { CHECK(actors::is(why, errc::too_large)); });
  box->fail_with({});
  self->request(to, caf::infinite, 1).receive([] {}, [](const caf::error&) { FAIL("refused"); });
  CHECK(box->numbers() == std::vector{1});
}

TEST_CASE_METHOD(sink_fixture, "a value that cannot be encoded is told of, and others follow",
                 "[actors][unit]") {
  open(0);
  answers got;
  std::string why;
  by_actor([&](caf::event_based_actor* self) {
    self->send(to, -1);
    self->request(to, caf::infinite, -2)
        .then([] { FAIL("it took a message"); },
              [&](const caf::error& e) {
                why = actors::compat::render(system.caf(), e);
                got.other = 1;
              });
    self->send(to, 0);
  });
  CHECK(actors::dropped(to) == 0);
  box->make_room(10);
  // In the sink's thread, which had them waiting.
  REQUIRE(eventually([&] { return got.other == 1 && box->numbers() == numbers(1); }));
  CHECK(why.find("below 0") != std::string::npos);
  CHECK(actors::dropped(to) == 1);
  // In who sends.
  by_actor([&](caf::event_based_actor* self) { self->send(to, -3); });
  caf::anon_send(to, -4);
  CHECK(actors::dropped(to) == 3);
  caf::anon_send(to, 1);
  CHECK(box->numbers() == numbers(2));
}

TEST_CASE_METHOD(sink_fixture, "a sink that nobody may wait for ends all the same",
                 "[actors][unit]") {
  open(0);
  send_by_actor(1);
  box->fail_with(make_error_code(errc::stop_requested));
  REQUIRE(eventually([&] { return actors::dropped(to) == 1; }));
  caf::scoped_actor self(system.caf());
  self->monitor(to);
  bool is_down = false;
  REQUIRE(eventually([&] {
    // What it is sent has no room, nor is it to wait: its thread has ended, or soon will.
    caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
    self->receive([&](const caf::down_msg&) { is_down = true; },
                  caf::after(std::chrono::milliseconds(10)) >> [] {});
    return is_down;
  }));
  CHECK(box->closed());
}

TEST_CASE_METHOD(sink_fixture, "an exit message ends it, and what waits is dropped",
                 "[actors][unit]") {
  open(0);
  answers got;
  by_actor([&](caf::event_based_actor* self) { answers::ask(self, to, 3, got); });
  caf::scoped_actor self(system.caf());
  self->monitor(to);
  caf::anon_send_exit(to, caf::exit_reason::normal);  // as with any actor: not asked to end
  caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
  self->receive(
      [&](const caf::down_msg& down) { CHECK(down.reason == caf::exit_reason::user_shutdown); });
  REQUIRE(eventually([&] { return got.other == 3; }));
  CHECK(box->numbers().empty());
  CHECK(box->closed());
}

TEST_CASE_METHOD(sink_fixture, "what waits is still brought when the last handle has gone",
                 "[actors][unit]") {
  open(0);
  send_by_actor(5);
  to = nullptr;
  box->make_room(5);
  REQUIRE(eventually([&] { return box->numbers().size() == 5; }));
  CHECK(box->numbers() == numbers(5));
  // Nobody has closed it: who made the mailbox may go on with it.
  CHECK_FALSE(box->closed());
}

TEST_CASE_METHOD(sink_fixture, "the end of the system waits for nobody, and refuses what waits",
                 "[actors][unit]") {
  open(0);
  answers got;
  by_actor([&](caf::event_based_actor* self) { answers::ask(self, to, 3, got); });
  box->make_room(0);
  CHECK(system.end(patience).gone);
  CHECK(got.full == 3);
  to = nullptr;
}

TEST_CASE_METHOD(sink_fixture, "messages of other types are refused", "[actors][unit]") {
  open(10);
  caf::scoped_actor self(system.caf());
  self->request(caf::actor_cast<caf::actor>(to), caf::infinite, std::string("text"))
      .receive([] { FAIL("it took a message"); },
               [](const caf::error& why) { CHECK(why == caf::sec::unexpected_message); });
  CHECK_THROWS_AS(actors::dropped(spawn([](const item&) {})), bulkhead::error);
}
