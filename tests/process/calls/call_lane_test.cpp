#include <bulkhead/call_lane.hpp>
#include <bulkhead/this_process.hpp>
#include <future>
#include <thread>

#include "process/calls/servers.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace bulkhead_test;
using bulkhead::errc;
using ask = question::kind;

TEST_CASE("a running server's replies come back", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt, {.name = "doubling"});
  const auto child = rt.spawn(serve_all, std::move(s));
  bool right = true;
  for (int n = 0; n < 20'000; ++n) right &= c.call({ask::twice, n}).n == 2 * n;
  CHECK(right);
  CHECK(c.pending() == 0);
  std::error_code ec = make_error_code(errc::full);
  CHECK(c.call({ask::twice, 4}, ec).n == 8);
  CHECK_FALSE(ec);
  CHECK(c.call_for({ask::twice, 5}, soon)->n == 10);
  CHECK(c.name() == "doubling");
}

TEST_CASE("requests and replies of any size travel", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt, {.ring_bytes = 65536});
  const auto child = rt.spawn(serve_all, std::move(s));
  for (const std::size_t bytes : {1u, 1000u, 16'000u, 16'384u, 70'000u, 3'000'000u}) {
    const std::string text(bytes, 'x');
    CHECK(c.call({ask::repeat, 2, text}).text == text + text);
  }
}

TEST_CASE("what a handler throws is thrown to the caller, as the type it was", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn({.name = "thrower"}, serve_all, std::move(s));
  CHECK_THROWS_AS(c.call({ask::throw_range}), std::out_of_range);
  std::error_code ec;
  CHECK_THROWS_AS(c.call({ask::throw_range}, ec), std::out_of_range);
  CHECK_THROWS_WITH(c.call({ask::throw_odd}), "odd");
  try {
    static_cast<void>(c.call_for({ask::throw_range}, soon));
    FAIL("it returned");
  } catch (const bulkhead::remote_origin& from) {
    CHECK(from.type() == "std::out_of_range");
    CHECK(from.process() == "thrower");
    CHECK(from.pid() == child.id());
  }
  CHECK(c.call({ask::twice, 1}).n == 2);
}

TEST_CASE("replies come in any order, each to its own request", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_slowly, std::move(s));
  note notes[5];
  for (int n = 0; n < 5; ++n) c.begin({ask::hold, n}, notes[n]);
  CHECK(c.pending() == 5);
  CHECK(c.call({ask::twice, 50}).n == 100);
  CHECK(c.call({ask::answer_held, 60}).n == 120);
  for (int n = 0; n < 5; ++n) {
    REQUIRE(notes[n].told == 1);
    CHECK(notes[n].got->n == 2 * n);
  }
  CHECK(c.pending() == 0);
}

TEST_CASE("handlers are told by who pumps", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_all, std::move(s));
  note a;
  c.begin({ask::twice, 3}, a);
  CHECK(eventually([&, &c = c] { return c.pump_for(10ms), a.told == 1; }));
  CHECK(a.got->n == 6);
  note b;
  c.begin({ask::throw_range}, b);
  CHECK(eventually([&, &c = c] { return c.pump(), b.told == 1; }));
  CHECK_FALSE(b.got);
  CHECK_FALSE(c.pump_for(1ms));
}

TEST_CASE("a dropped request is a broken promise", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_slowly, std::move(s));
  CHECK(error_of([&c = c] { c.call({ask::drop}); }) == std::future_errc::broken_promise);
}

TEST_CASE("many threads ask at once, each gets its own replies", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt, {.max_in_flight = 3});
  const auto child = rt.spawn(serve_all, std::move(s));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&wrong, &c = c, t] {
      for (int n = 0; n < 500; ++n) {
        const int number = t * 1000 + n;
        if (c.call({ask::twice, number}).n != 2 * number) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(c.pending() == 0);
}

TEST_CASE("as many requests are under way as may be", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt, {.max_in_flight = 2});
  const auto child = rt.spawn(serve_slowly, std::move(s));
  note a, b, d;
  const auto first = c.begin({ask::hold, 1}, a);
  REQUIRE(c.try_begin({ask::hold, 2}, b));
  CHECK_FALSE(c.try_begin({ask::hold, 3}, d));
  CHECK_FALSE(c.call_for({ask::twice, 4}, 20ms));
  CHECK(c.pending() == 2);
  SECTION("a cancelled one makes room, and its late reply is nobody's") {
    REQUIRE(c.cancel(first));
    CHECK_FALSE(c.cancel(first));
    CHECK(c.call({ask::answer_held, 6}).n == 12);
    CHECK(a.told == 0);
    CHECK(b.told == 1);
  }
  SECTION("a call that waits for room goes on when there is some") {
    // So often that sleepers who look by themselves once a second would be late.
    const auto end = std::chrono::steady_clock::now() + soon;
    auto held = first;
    for (int n = 0; n < 30; ++n) {
      std::thread other([&c = c, held] {
        std::this_thread::sleep_for(5ms);
        c.cancel(held);
      });
      CHECK(c.call({ask::twice, n}).n == 2 * n);
      other.join();
      held = c.begin({ask::hold, 1}, a);
    }
    CHECK(std::chrono::steady_clock::now() < end);
  }
}

TEST_CASE("a call that gets no reply in time ends, and its late reply is ignored",
          "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_slowly, std::move(s));
  CHECK_FALSE(c.call_for({ask::hold, 1}, 20ms));
  std::error_code ec;
  c.call({ask::hold, 2}, {.deadline = 20ms}, ec);
  CHECK(ec == errc::timed_out);
  CHECK(error_of([&c = c] { c.call({ask::hold, 3}, {.deadline = 20ms}); }) == errc::timed_out);
  note a;
  c.begin({ask::hold, 4}, a, {.deadline = 20ms});
  CHECK(eventually([&, &c = c] { return c.pump_for(5ms), a.told == 1; }));
  CHECK(a.code == errc::timed_out);
  CHECK(c.pending() == 0);
  CHECK(c.call({ask::answer_held, 5}).n == 10);
  CHECK(c.call({ask::twice, 6}).n == 12);
  CHECK(a.told == 1);
  CHECK_THROWS_AS(c.call({ask::twice}, {.deadline = 0ms}), std::invalid_argument);
}

TEST_CASE("a server passes over requests whose deadline is past", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  note late, good;
  c.begin({ask::twice, 1}, late, {.deadline = 1ms});
  c.begin({ask::twice, 2}, good);
  std::this_thread::sleep_for(5ms);
  const auto next = s.receive_for(soon);
  REQUIRE(next);
  CHECK(next->request.n == 2);
}

TEST_CASE("a server in the host answers a client in a child", "[process][call]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(
      [](client mine) {
        for (int n = 0; n < 100; ++n) {
          if (mine.call({ask::twice, n}).n != 2 * n) std::abort();
        }
      },
      std::move(c));
  s.serve(answer_to);  // until the child has ended
  CHECK(child.join().success());
}

TEST_CASE("mailboxes travel in requests and replies", "[process][call]") {
  using ints = bulkhead::queue<int>;
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<std::pair<ints, int>, ints>(rt);
  const auto child = rt.spawn(
      [](bulkhead::call_server<std::pair<ints, int>, ints> mine) {
        mine.serve([](const std::pair<ints, int>& given) {
          given.first.send(given.second);
          ints made{bulkhead::this_process::runtime()};
          made.send(given.second + 1);
          return made;
        });
      },
      std::move(s));
  ints ours{rt};
  const ints theirs = c.call({ours, 7});
  CHECK(ours.receive_for(soon) == 7);
  CHECK(theirs.receive_for(soon) == 8);
}

TEST_CASE("empty ends say so", "[process][call]") {
  client c;
  CHECK_FALSE(c);
  CHECK(error_of([&c] { c.call({}); }) == errc::not_initialised);
  note a;
  CHECK(error_of([&] { c.begin({}, a); }) == errc::not_initialised);
  CHECK(error_of([&] { c.pump(); }) == errc::not_initialised);
  const server s;
  CHECK(error_of([&s] { static_cast<void>(s.receive()); }) == errc::not_initialised);
  bulkhead::responder<answer> r;
  CHECK(error_of([&r] { r.reply({}); }) == errc::already_settled);
}
