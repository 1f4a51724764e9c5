// Actors into pipes, and both ways through one end.
#include <bulkhead/actors/to_pipe.hpp>

#include <bulkhead/actors/from_pipe.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/bulkhead.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "actors/asking.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;
using bulkhead::pipe_end;
namespace actors = bulkhead::actors;

namespace {

using text_end = pipe_end<std::string, std::string>;
using listener = caf::typed_actor<caf::reacts_to<std::string>>;

// A child that sends everything back.
void echo(const text_end& end) {
  std::error_code ec;
  for (std::string text = end.receive(ec); !ec; text = end.receive(ec)) end.send(text);
}

// A child that dies at its first message.
void die(const text_end& end) {
  end.receive();
  ::raise(SIGKILL);
}

struct fixture : asking {
  auto pipe(std::uint32_t capacity = 1024, std::size_t ring = std::size_t{512} << 10) {
    return bulkhead::make_pipe<std::string, std::string>(
        rt, {.name = "texts", .capacity = capacity, .ring_bytes = ring});
  }
  /// What an actor that may not wait is answered to so many requests.
  void request_by_actor(const actors::sink<std::string>& to, int count, std::atomic<int>& good,
                        std::atomic<int>& bad) {
    sys.caf().spawn([&, to, count](caf::event_based_actor* self) {
      for (int i = 0; i < count; ++i) {
        self->request(to, caf::infinite, std::to_string(i))
            .then([&] { ++good; }, [&](const caf::error&) { ++bad; });
      }
    });
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "an actor talks to a process through both directions of one end",
                 "[actors][process]") {
  auto [near, far] = pipe();
  auto child = rt.spawn(&echo, std::move(far));
  const auto end = std::make_shared<text_end>(std::move(near));
  std::mutex mutex;
  std::vector<std::string> back;
  auto hears = sys.caf().spawn([&](listener::pointer) -> listener::behavior_type {
    return {[&](const std::string& text) {
      const std::lock_guard lock(mutex);
      back.push_back(text);
    }};
  });
  auto feed = actors::from_pipe(sys, end, hears);
  const auto to = actors::to_pipe(sys, end);
  for (int i = 0; i < 1000; ++i) caf::anon_send(to, std::to_string(i));
  REQUIRE(eventually([&] {
    const std::lock_guard lock(mutex);
    return back.size() == 1000;
  }));
  for (std::size_t i = 0; i < back.size(); ++i) CHECK(back[i] == std::to_string(i));
  end->close();
  feed.join();
  CHECK(child.join().success());
}

TEST_CASE_METHOD(fixture, "requests are answered when their message is in the pipe, and wait until",
                 "[actors][process]") {
  auto [near, far] = pipe(4);
  const auto to = actors::to_pipe(sys, std::move(near), {.waiting = 3});
  std::atomic<int> good{0}, bad{0};
  request_by_actor(to, 10, good, bad);
  REQUIRE(eventually([&] { return good == 4 && bad == 3; }));
  for (int i = 0; i < 7; ++i) CHECK(far.receive_for(patience) == std::to_string(i));
  REQUIRE(eventually([&] { return good == 7; }));
}

TEST_CASE_METHOD(fixture, "a message that goes in pieces waits for its reader, and no actor does",
                 "[actors][process]") {
  auto [near, far] = pipe(64, 4096);
  const auto to = actors::to_pipe(sys, std::move(near));
  std::atomic<bool> sent{false}, there{false};
  const std::string large(200000, 'x');
  sys.caf().spawn([&](caf::event_based_actor* self) {
    self->request(to, caf::infinite, large).then([&] { there = true; }, [](const caf::error&) {});
    self->send(to, std::string("small"));
    sent = true;
  });
  REQUIRE(eventually([&] { return sent.load(); }));
  CHECK_FALSE(there);
  CHECK(far.receive_for(patience) == large);
  CHECK(far.receive_for(patience) == "small");
  CHECK(eventually([&] { return there.load(); }));
}

TEST_CASE_METHOD(fixture, "a system ends although a message in pieces has no reader",
                 "[actors][process]") {
  auto [near, far] = pipe(64, 4096);
  auto to = actors::to_pipe(sys, std::move(near));
  std::atomic<bool> sent{false};
  sys.caf().spawn([&](caf::event_based_actor* self) {
    self->send(to, std::string(200000, 'x'));
    sent = true;
  });
  REQUIRE(eventually([&] { return sent.load(); }));
  CHECK(sys.shutdown());
  to = nullptr;
}

TEST_CASE_METHOD(fixture, "the sink ends with how the other side did", "[actors][process][crash]") {
  auto [near, far] = pipe();
  const auto to = actors::to_pipe(sys, std::move(near));
  caf::scoped_actor self(sys.caf());
  self->monitor(to);
  const auto down = [&] {
    // The next message finds it.
    while (caf::actor_cast<caf::strong_actor_ptr>(to) && !self->has_next_message()) {
      caf::anon_send(to, std::string("there?"));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    caf::error reason;
    self->receive([&](const caf::down_msg& said) { reason = said.reason; });
    return reason;
  };
  SECTION("it crashed") {
    auto child = rt.spawn(&die, std::move(far));
    const caf::error reason = down();
    CHECK(actors::is(reason, errc::peer_crashed));
    CHECK(actors::exit_of(reason)->signal == SIGKILL);
  }
  SECTION("it closed its end") {
    far.close();
    CHECK(actors::is(down(), errc::closed));
  }
}

TEST_CASE_METHOD(fixture, "an end that a sink has taken over is closed with it",
                 "[actors][process]") {
  auto [near, far] = pipe();
  auto to = actors::to_pipe(sys, std::move(near));
  caf::anon_send(to, std::string("last"));
  const bool by_exit_message = GENERATE(true, false);
  if (by_exit_message) caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
  if (!by_exit_message) to = nullptr;
  CHECK(far.receive_for(patience) == "last");
  std::error_code ec;
  far.receive_for(patience, ec);
  CHECK(ec == errc::closed);
}

TEST_CASE_METHOD(fixture, "no end, and no room to wait, are refused", "[actors][process]") {
  CHECK_THROWS_AS(actors::to_pipe(sys, text_end()), std::invalid_argument);
  auto [near, far] = pipe();
  CHECK_THROWS_AS(actors::to_pipe(sys, std::move(near), {.waiting = 0}), std::invalid_argument);
}
