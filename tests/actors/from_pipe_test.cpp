// Pipes into actors.
#include <bulkhead/actors/from_pipe.hpp>

#include <bulkhead/bulkhead.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "actors/dialect.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;
using bulkhead::pipe_end;
namespace actors = bulkhead::actors;

namespace {

// Nothing says anything about this type to CAF.
struct reading {
  int number = 0;
  std::vector<int> values;
};

}  // namespace

BULKHEAD_TEST_TYPE(reading, 2, reading)

namespace {

using reader = caf::typed_actor<caf::reacts_to<reading>>;
using told_reader = caf::typed_actor<caf::reacts_to<reading>, caf::reacts_to<actors::restarted>>;
using far_end = pipe_end<reading, int>;
using near_end = pipe_end<int, reading>;

constexpr int restart_mark = -1;

struct fixture {
  bulkhead::runtime rt;
  gate hold;
  std::mutex mutex;
  std::vector<int> seen;
  std::vector<actors::restarted> restarts;
  actors::system sys{rt};

  void see(int number) {
    const std::lock_guard lock(mutex);
    seen.push_back(number);
  }
  std::vector<int> all() {
    const std::lock_guard lock(mutex);
    return seen;
  }
  template <class Handler>
  reader spawn(Handler handler) {
    return sys.caf().spawn([handler](reader::pointer) -> reader::behavior_type {
      return {[handler](const reading& one) { handler(one); }};
    });
  }
  reader seer() {
    return spawn([this](const reading& one) { see(one.number); });
  }
  auto pipe(std::uint32_t capacity = 1024) {
    return bulkhead::make_pipe<reading, int>(rt, {.name = "readings", .capacity = capacity});
  }
};

std::vector<int> up_to(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(i);
  return all;
}

// A child that sends so many and ends by the signal; 0: returns.
void send_some(const far_end& to, int count, int signal) {
  for (int i = 0; i < count; ++i) to.send({i, {i}});
  if (signal != 0) ::raise(signal);
}

// A child that sends one message a life, and dies when it is told to go on, but for its last life.
void send_one_a_life(const far_end& to, int lives) {
  const int life = static_cast<int>(bulkhead::this_process::incarnation());
  to.send({life, {}});
  if (life < lives) {
    to.receive();
    ::raise(SIGKILL);
  }
}

}  // namespace

TEST_CASE_METHOD(fixture, "an actor gets what comes through a pipe, in order",
                 "[actors][process]") {
  auto [far, near] = pipe();
  auto feed = actors::from_pipe(sys, std::move(near), seer());
  for (int i = 0; i < 300; ++i) far.send({i, {}});
  far.close();
  feed.join();
  CHECK(all() == up_to(300));
}

TEST_CASE_METHOD(fixture, "what the actor has no credit for stays in the pipe",
                 "[actors][process]") {
  auto [far, near] = pipe(16);
  auto feed = actors::from_pipe(sys, std::move(near),
                                spawn([this](const reading&) { hold.pass(); }), {.credit = 3});
  int sent = 0;
  while (sent < 16 + 3 && far.send_for({sent, {}}, patience)) ++sent;
  CHECK(sent == 16 + 3);
  CHECK_FALSE(far.send_for({sent, {}}, std::chrono::milliseconds(20)));
  hold.open();
  CHECK(far.send_for({sent, {}}, patience));
  far.close();
  feed.join();
}

TEST_CASE_METHOD(fixture, "a feed says how the other side's process ended, after all that it sent",
                 "[actors][process][crash]") {
  auto [far, near] = pipe();
  auto feed = actors::from_pipe(sys, std::move(near), seer());
  SECTION("killed") {
    auto child = rt.spawn(&send_some, std::move(far), 100, SIGKILL);
    try {
      feed.join();
      FAIL("it ended well");
    } catch (const bulkhead::error& e) {
      CHECK(e.code() == errc::peer_crashed);
      CHECK(e.status().signal == SIGKILL);
    }
  }
  SECTION("in order") {
    auto child = rt.spawn(&send_some, std::move(far), 100, 0);
    CHECK_NOTHROW(feed.join());
  }
  CHECK(all() == up_to(100));
}

TEST_CASE_METHOD(fixture, "an actor that asks for them hears of restarts between the messages",
                 "[actors][process][crash]") {
  auto [far, near] = pipe();
  const auto end = std::make_shared<near_end>(std::move(near));
  auto told = sys.caf().spawn([&](told_reader::pointer) -> told_reader::behavior_type {
    return {[&](const reading& one) { see(one.number); },
            [&](const actors::restarted& what) {
              see(restart_mark);
              restarts.push_back(what);
            }};
  });
  auto plain = seer();
  // Not asked for: no handler, typed or not.
  auto dynamic = sys.caf().spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[&](const reading& one) { see(one.number); }};
  });
  const int kind = GENERATE(0, 1, 2);
  auto feed = kind == 0   ? actors::from_pipe(sys, end, told)
              : kind == 1 ? actors::from_pipe(sys, end, plain)
                          : actors::from_pipe(sys, end, dynamic);
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  bulkhead::child_spec spec{.name = "sender", .restart = bulkhead::restart::transient};
  spec.backoff = bulkhead::no_backoff;
  sup.start(spec, &send_one_a_life, std::move(far), 3);
  for (int life = 1; life < 3; ++life) {
    REQUIRE(eventually([&] {
      const auto now = all();
      return !now.empty() && now.back() == life;
    }));
    end->send(0);
  }
  feed.join();
  if (kind == 0) {
    CHECK(all() == std::vector{1, restart_mark, 2, restart_mark, 3});
    REQUIRE(restarts.size() == 2);
    CHECK(restarts[0].status.signal == SIGKILL);
    CHECK(restarts[1].incarnation == 3);
  } else {
    CHECK(all() == std::vector{1, 2, 3});
  }
}

TEST_CASE_METHOD(fixture, "a handler that fails ends the feed, and its end is closed",
                 "[actors][process]") {
  auto [far, near] = pipe();
  auto feed = actors::from_pipe(sys, std::move(near), spawn([](const reading& one) {
                                  if (one.number == 1) throw std::runtime_error("no good");
                                }));
  for (int i = 0; i < 3; ++i) far.send({i, {}});
  std::error_code ec;
  feed.join(ec);
  CHECK(ec == actors::feed_errc::handler_failed);
  far.receive(ec);
  CHECK(ec == errc::closed);
}

TEST_CASE_METHOD(fixture, "an empty end and an empty actor are refused", "[actors][process]") {
  CHECK_THROWS_AS(actors::from_pipe(sys, near_end(), seer()), std::invalid_argument);
  CHECK_THROWS_AS(actors::from_pipe(sys, std::shared_ptr<near_end>(), seer()),
                  std::invalid_argument);
  auto [far, near] = pipe();
  CHECK_THROWS_AS(actors::from_pipe(sys, std::move(near), reader()), std::invalid_argument);
}
