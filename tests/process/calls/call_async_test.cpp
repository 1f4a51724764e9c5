#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/async.hpp>
#include <bulkhead/call_lane.hpp>
#include <bulkhead/supervisor.hpp>
#include <future>
#include <thread>

#include "process/calls/servers.hpp"
#include "process/library/futures.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace bulkhead_test;
using boost::asio::use_future;
using bulkhead::errc;
using ask = question::kind;

TEST_CASE("asynchronous calls bring back replies and exceptions", "[process][call][async]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_all, std::move(s));
  for (int n = 0; n < 200; ++n) {
    CHECK(result_of(c.async_call({ask::twice, n}, use_future)).n == 2 * n);
  }
  std::vector<std::future<answer>> all;
  for (int n = 0; n < 200; ++n) all.push_back(c.async_call({ask::twice, n}, use_future));
  for (int n = 0; n < 200; ++n) CHECK(result_of(std::move(all[n])).n == 2 * n);
  CHECK_THROWS_AS(result_of(c.async_call({ask::throw_range}, use_future)), std::out_of_range);
  // Waiting calls go on beside them.
  auto last = c.async_call({ask::twice, 3}, use_future);
  CHECK(c.call({ask::twice, 4}).n == 8);
  CHECK(result_of(std::move(last)).n == 6);
}

TEST_CASE("a coroutine in a loop of its own calls and serves", "[process][call][async]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  boost::asio::io_context loop;
  int got = 0;
  boost::asio::co_spawn(
      loop,
      [&c = c, &got]() -> boost::asio::awaitable<void> {
        for (int n = 1; n <= 20; ++n) {
          question q{ask::twice, n};  // g++ 12 destroys such temporaries of a co_await twice
          const answer a = co_await c.async_call(q, boost::asio::use_awaitable);
          got += a.n;
        }
        c.close();
      },
      [](std::exception_ptr) {});
  std::error_code ended;
  boost::asio::co_spawn(
      loop,
      [&s = s, &ended]() -> boost::asio::awaitable<void> {
        try {
          for (;;) {
            auto next = co_await s.async_receive(boost::asio::use_awaitable);
            next.answer.reply(answer_to(next.request));
          }
        } catch (const boost::system::system_error& failure) {
          ended = failure.code();
        }
      },
      [](std::exception_ptr) {});
  loop.run_for(soon);
  CHECK(got == 420);
  CHECK(ended == errc::closed);
}

TEST_CASE("a handler never runs inside the call", "[process][call][async]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  s.close();
  boost::asio::io_context loop;
  std::exception_ptr failed;
  int runs = 0;
  c.async_call({ask::twice, 1}, boost::asio::bind_executor(loop, [&](std::exception_ptr e, answer) {
                 failed = e;
                 ++runs;
               }));
  CHECK(runs == 0);
  loop.run_for(soon);
  CHECK(runs == 1);
  CHECK(error_of([&] { std::rethrow_exception(failed); }) == errc::closed);
}

TEST_CASE("a cancelled asynchronous call ends with operation_aborted", "[process][call][async]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_slowly, std::move(s));
  boost::asio::cancellation_signal stop;
  auto f =
      c.async_call({ask::hold, 1}, boost::asio::bind_cancellation_slot(stop.slot(), use_future));
  CHECK(f.wait_for(10ms) == std::future_status::timeout);
  stop.emit(boost::asio::cancellation_type::terminal);
  try {
    result_of(std::move(f));
    FAIL("it returned");
  } catch (const boost::system::system_error& aborted) {
    CHECK(aborted.code() == boost::asio::error::operation_aborted);
  }
  CHECK(c.call({ask::answer_held, 2}).n == 4);
  CHECK(c.pending() == 0);
}

TEST_CASE("asynchronous calls have deadlines, the sooner ones too", "[process][call][async]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  const auto child = rt.spawn(serve_slowly, std::move(s));
  auto late = c.async_call({ask::hold, 1}, {.deadline = 1h}, use_future);
  auto soon_over = c.async_call({ask::hold, 2}, {.deadline = 20ms}, use_future);
  CHECK(error_of(std::move(soon_over)) == errc::timed_out);
  CHECK(c.pending() == 1);
  CHECK(c.call({ask::answer_held, 2}).n == 4);
  CHECK(result_of(std::move(late)).n == 2);
}

TEST_CASE("asynchronous calls do not wait for room", "[process][call][async]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt, {.max_in_flight = 2});
  const auto child = rt.spawn(serve_slowly, std::move(s));
  auto a = c.async_call({ask::hold, 1}, use_future);
  auto b = c.async_call({ask::hold, 2}, use_future);
  CHECK(error_of(c.async_call({ask::twice, 3}, use_future)) == errc::full);
  child.kill();
  CHECK(error_of(std::move(a)) == errc::peer_crashed);
  CHECK(error_of(std::move(b)) == errc::peer_crashed);
}

TEST_CASE("asynchronous calls end when their client goes", "[process][call][async]") {
  bulkhead::runtime rt;
  std::future<answer> f;
  auto [made, s] = bulkhead::make_calls<question, answer>(rt);
  {
    const client c = std::move(made);
    f = c.async_call({ask::twice, 1}, use_future);
  }
  CHECK(error_of(std::move(f)) == errc::closed);
}

TEST_CASE("asynchronous calls go on over restarts", "[process][call][async][crash]") {
  bulkhead::runtime rt;
  auto [c, s] = bulkhead::make_calls<question, answer>(rt);
  bulkhead::supervisor sup{rt, {.intensity = 100}};
  sup.start({.name = "server"}, serve_slowly, std::move(s));
  for (int round = 0; round < 3; ++round) {
    auto held = c.async_call({ask::hold, 1}, use_future);
    auto fatal = c.async_call({ask::die}, use_future);
    auto after = c.async_call({ask::twice, 21}, use_future);
    CHECK(error_of(std::move(held)) == errc::peer_restarted);
    CHECK(error_of(std::move(fatal)) == errc::peer_restarted);
    CHECK(result_of(std::move(after)).n == 42);
  }
}
