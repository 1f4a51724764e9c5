#include <bulkhead/call_lane.hpp>
#include <bulkhead/supervisor.hpp>
#include <bulkhead/this_process.hpp>
#include <thread>

#include "process/calls/servers.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace bulkhead_test;
using bulkhead::errc;
using ask = question::kind;

namespace {

bool pumped(const client& c, const note& a) {
  return eventually([&] {
    try {
      c.pump_for(5ms);
    } catch (const std::system_error&) {  // what ended the lane; the handlers are told
    }
    return a.told != 0;
  });
}

}  // namespace

TEST_CASE("all requests to a server that dies fail at once with how", "[process][call][crash]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_slowly, std::move(s));
  note notes[3];
  for (note& a : notes) c.begin({ask::hold, 1}, a);
  try {
    c.call({ask::die});
    FAIL("it returned");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == errc::peer_crashed);
    CHECK(failure.status().signal == SIGKILL);
  }
  for (const note& a : notes) {
    CHECK(a.told == 1);
    CHECK(a.code == errc::peer_crashed);
    CHECK(a.status.signal == SIGKILL);
  }
  CHECK(c.pending() == 0);
  CHECK(error_of([&c = c] { c.call({ask::twice, 1}); }) == errc::peer_crashed);
}

TEST_CASE("a server that leaves has closed the lane", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_slowly, std::move(s));
  note held, last;
  c.begin({ask::hold, 1}, held);
  c.begin({ask::leave}, last);
  CHECK(pumped(c, last));
  CHECK(held.code == errc::closed);
  CHECK(last.code == errc::closed);
  CHECK(error_of([&c = c] { c.call({ask::twice, 1}); }) == errc::closed);
}

TEST_CASE("what is under way when a client goes is told closed", "[process][call]") {
  bulkhead::runtime rt;
  auto [made, s] = bulkhead::make_calls<question, answer>(rt);
  note a;
  {
    const client c = std::move(made);
    c.begin({ask::twice, 1}, a);
  }
  CHECK(a.told == 1);
  CHECK(a.code == errc::closed);
  // It answers what is there, for nobody.
  auto next = s.receive();
  next.answer.reply({});
  CHECK(error_of([&s = s] { static_cast<void>(s.receive()); }) == errc::closed);
}

TEST_CASE("threads that wait for a server that dies are all told", "[process][call][crash]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_slowly, std::move(s));
  std::atomic<int> crashed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&crashed, &c = c] {
      crashed += error_of([&c] { c.call({ask::hold}); }) == errc::peer_crashed;
    });
  }
  REQUIRE(eventually([&c = c] { return c.pending() == 4; }));
  child.kill();
  for (auto& thread : threads) thread.join();
  CHECK(crashed == 4);
}

TEST_CASE("over a restart what was taken fails, and what was not is answered by the next",
          "[process][call][crash]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  bulkhead::supervisor sup{rt, {.intensity = 100}};
  sup.start({.name = "server"}, serve_slowly, std::move(s));
  for (int round = 0; round < 3; ++round) {
    note held, fatal, after;
    c.begin({ask::hold, 1}, held);
    c.begin({ask::die}, fatal);
    c.begin({ask::twice, 21}, after);
    REQUIRE(pumped(c, after));
    CHECK(held.told == 1);
    CHECK(held.code == errc::peer_restarted);
    CHECK(held.status.signal == SIGKILL);
    CHECK(fatal.told == 1);
    CHECK(fatal.code == errc::peer_restarted);
    REQUIRE(after.got);
    CHECK(after.got->n == 42);
    CHECK(c.pending() == 0);
  }
}

TEST_CASE("what was taken fails before the next incarnation comes", "[process][call][crash]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  bulkhead::supervisor sup{rt};
  sup.start({.name = "server", .backoff = {.initial = 1h, .max = 1h}}, serve_slowly, std::move(s));
  // The first restart never waits.
  for (int n = 0; n < 2; ++n) {
    CHECK(error_of([&c = c] { c.call({ask::die}); }) == errc::peer_restarted);
  }
  note after;
  c.begin({ask::twice, 1}, after);
  CHECK_FALSE(c.pump_for(20ms));
  CHECK(after.told == 0);
  sup.shutdown();
  CHECK(pumped(c, after));
  CHECK_FALSE(after.got);
}

TEST_CASE("a request in pieces that a dead server had taken in, and not taken, fails",
          "[process][call][crash]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt, {.ring_bytes = 4096});
  bulkhead::supervisor sup{rt, {.intensity = 100}};
  sup.start(
      {.name = "server"},
      [](server mine) {
        if (bulkhead::this_process::incarnation() == 1) {
          // All of it is this process's then, though it has not received it.
          static_cast<void>(mine.end().poll(bulkhead::detail::patience::forever()));
          ::raise(SIGKILL);
        }
        mine.serve(answer_to);
      },
      std::move(s));
  note large, after;
  const auto size = GENERATE(1500u, 3000u, 100'000u);
  c.begin({ask::twice, 1, std::string(size, 'x')}, large);
  c.begin({ask::twice, 21}, after);
  REQUIRE(pumped(c, after));
  CHECK(after.got->n == 42);
  CHECK(large.told == 1);
  CHECK(large.code == errc::peer_restarted);
  CHECK(c.pending() == 0);
}

TEST_CASE("idempotent requests are sent again, in order", "[process][call][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> order{rt};
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  bulkhead::supervisor sup{rt, {.intensity = 100}};
  // The first incarnation takes them and answers none.
  sup.start(
      {.name = "server"},
      [](server mine, bulkhead::queue<int> seen) {
        if (bulkhead::this_process::incarnation() == 1) {
          std::vector<bulkhead::incoming<question, answer>> held;
          for (;;) {
            held.push_back(mine.receive());
            if (held.back().request.what == ask::die) ::raise(SIGKILL);
          }
        }
        mine.serve([&](const question& q) {
          seen.send(q.n);
          return answer{2 * q.n, {}};
        });
      },
      std::move(s), order);
  note notes[10], fatal;
  for (int n = 0; n < 10; ++n) c.begin({ask::twice, n}, notes[n], {.idempotent = true});
  c.begin({ask::die}, fatal);
  for (int n = 0; n < 10; ++n) {
    REQUIRE(pumped(c, notes[n]));
    CHECK(notes[n].told == 1);
    REQUIRE(notes[n].got);
    CHECK(notes[n].got->n == 2 * n);
    CHECK(order.receive_for(soon) == n);
  }
  CHECK(fatal.code == errc::peer_restarted);
}

TEST_CASE("replies to a dead incarnation's requests are ignored by the next",
          "[process][call][crash]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  bulkhead::queue<int> results{rt};
  bulkhead::supervisor sup{rt, {.intensity = 100}};
  // Each asks one question; the first dies before it has an answer.
  sup.start(
      {.name = "client", .restart = bulkhead::restart::transient},
      [](client mine, bulkhead::queue<int> to) {
        const int me = static_cast<int>(bulkhead::this_process::incarnation());
        note a;
        mine.begin({ask::twice, me}, a);
        if (me == 1) ::raise(SIGKILL);
        while (a.told == 0) mine.pump_for(1s);
        to.send(a.got ? a.got->n : -1);
      },
      std::move(c), results);
  auto first = s.receive();
  auto second = s.receive();
  CHECK(first.request.n == 1);
  CHECK(second.request.n == 2);
  first.answer.reply({77, {}});
  second.answer.reply({4, {}});
  CHECK(results.receive_for(soon) == 4);
}

TEST_CASE("over a storm of kills each request has one end, and idempotent ones a reply",
          "[process][call][crash]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt, {.max_in_flight = 16});
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  auto child = sup.start({.name = "server", .backoff = {.initial = 0ms}}, serve_all, std::move(s));
  std::atomic<bool> over{false};
  std::thread killer([&] {
    for (unsigned n = 0; !over; ++n) {
      std::this_thread::sleep_for(std::chrono::microseconds(300 + n * 37 % 2500));
      child.kill();
    }
  });
  std::atomic<int> replies{0}, restarts{0}, wrong{0};
  const auto end = std::chrono::steady_clock::now() + 3s;
  const auto storm = [&, &c = c](bool idempotent) {
    for (int n = 0; std::chrono::steady_clock::now() < end || restarts == 0; ++n) {
      std::error_code ec;
      const answer a = c.call({ask::twice, n}, {.idempotent = idempotent}, ec);
      if (!ec) {
        wrong += a.n != 2 * n;
        ++replies;
      } else if (ec == errc::peer_restarted && !idempotent) {
        ++restarts;
      } else {
        ++wrong;
      }
    }
  };
  std::thread safe(storm, true);
  storm(false);
  safe.join();
  over = true;
  killer.join();
  CHECK(wrong == 0);
  CHECK(replies > 100);
  CHECK(c.pending() == 0);
}
