#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <future>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using bulkhead::errc;
using bulkhead::queue;
using bulkhead_test::soon;

namespace {

struct in_own_loop {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
};

}  // namespace

TEST_CASE("an asynchronous call never completes inline, also where it can end at once",
          "[async][queue]") {
  in_own_loop own;
  queue<int> q{own.rt, {.capacity = 4}};
  int done = 0;
  q.async_send(1, [&](error_code ec) { done += ec ? 100 : 1; });
  CHECK(q.size() == 1);
  q.async_receive([&](error_code ec, int n) { done += ec ? 100 : 10 * n; });
  CHECK(q.empty());
  CHECK(done == 0);
  own.io.run();
  CHECK(done == 11);
}

TEST_CASE("an operation that waits ends with the next message", "[async][queue]") {
  in_own_loop own;
  queue<int> q{own.rt, {.capacity = 1}};
  SECTION("receive") {
    int got = 0;
    q.async_receive([&](error_code ec, int n) {
      CHECK(!ec);
      got = n;
    });
    CHECK(own.io.run_for(10ms) == 0);
    std::thread sender([&] { q.send(5); });
    own.io.run_for(soon);
    sender.join();
    CHECK(got == 5);
  }
  SECTION("take") {
    bulkhead::delivery<int> got;
    q.async_take([&](error_code ec, bulkhead::delivery<int> d) {
      CHECK(!ec);
      got = std::move(d);
    });
    own.io.poll();
    q.send(6);
    own.io.run_for(soon);
    REQUIRE(got);
    CHECK(*got == 6);
    got.ack();
  }
  SECTION("send, with the next place") {
    q.send(1);
    bool sent = false;
    q.async_send(2, [&](error_code ec) { sent = !ec; });
    own.io.poll();
    CHECK(!sent);
    CHECK(q.receive() == 1);
    own.io.run_for(soon);
    CHECK(sent);
    CHECK(q.receive() == 2);
  }
  CHECK(own.io.stopped());  // nothing that has ended keeps the loop busy
}

TEST_CASE("operations that wait end in the order in which they were begun", "[async][queue]") {
  in_own_loop own;
  queue<int> q{own.rt};
  std::vector<int> order;
  for (int n = 0; n < 10; ++n) {
    if (n % 2 == 0) {
      q.async_receive([&, n](error_code, int got) { order.push_back(got * 100 + n); });
    } else {
      q.async_take([&, n](error_code, auto d) {
        order.push_back(*d * 100 + n);
        d.ack();
      });
    }
  }
  own.io.poll();
  for (int n = 0; n < 9; ++n) q.send(n);
  CHECK(bulkhead_test::eventually([&] {
    own.io.poll();
    return order.size() == 9;
  }));
  q.send(9);
  own.io.run_for(soon);
  REQUIRE(order.size() == 10);
  for (int n = 0; n < 10; ++n) CHECK(order[static_cast<std::size_t>(n)] == 101 * n);
}

TEST_CASE("errors reach the handler as codes that compare with errc", "[async][queue]") {
  in_own_loop own;
  queue<int> q{own.rt, {.capacity = 1}};
  error_code sent;
  error_code received;
  if (const bool closed_before = GENERATE(true, false); closed_before) {
    q.close();
    q.async_send(1, [&](error_code ec) { sent = ec; });
    q.async_receive([&](error_code ec, int n) {
      received = ec;
      CHECK(n == 0);
    });
  } else {
    q.send(1);
    q.async_send(2, [&](error_code ec) { sent = ec; });
    queue<int> other{own.rt};
    other.async_receive([&](error_code ec, int) { received = ec; });
    own.io.poll();
    q.close();
    other.close();
  }
  own.io.run_for(soon);
  CHECK(sent == errc::closed);
  CHECK(sent != errc::full);
  CHECK(received == errc::closed);
  CHECK(std::error_code(received) == errc::closed);
}

TEST_CASE("a queue that refuses does not wait", "[async][queue]") {
  in_own_loop own;
  queue<int> q{own.rt, {.capacity = 1, .overflow = bulkhead::overflow::refuse}};
  q.send(1);
  error_code sent;
  q.async_send(2, [&](error_code ec) { sent = ec; });
  own.io.run_for(soon);
  CHECK(sent == errc::full);
}

TEST_CASE("every kind of completion token works", "[async][queue]") {
  in_own_loop own;
  queue<std::unique_ptr<int>> q{own.rt};
  SECTION("futures, on the runtime's own thread") {
    bulkhead::runtime rt;
    queue<int> other{rt};
    auto got = other.async_receive(asio::use_future);
    CHECK(got.wait_for(2ms) == std::future_status::timeout);
    other.async_send(3, asio::use_future).get();
    CHECK(got.get() == 3);
    other.close();
    CHECK_THROWS_AS(other.async_receive(asio::use_future).get(), boost::system::system_error);
  }
  SECTION("coroutines") {
    int sum = 0;
    asio::co_spawn(
        own.io,
        [&]() -> asio::awaitable<void> {
          for (int n = 1; n <= 3; ++n) {
            co_await q.async_send(std::make_unique<int>(n), asio::use_awaitable);
            auto d = co_await q.async_take(asio::use_awaitable);
            sum += **d;
            d.ack();
          }
        },
        asio::detached);
    own.io.run_for(soon);
    CHECK(sum == 6);
  }
  SECTION("deferred and detached") {
    auto later = q.async_receive(asio::deferred);
    q.async_send(std::make_unique<int>(4), asio::detached);
    int got = 0;
    std::move(later)([&](error_code, std::unique_ptr<int> value) { got = *value; });
    own.io.run_for(soon);
    CHECK(got == 4);
  }
  SECTION("handlers that only move") {
    auto mine = std::make_unique<int>(1);
    int got = 0;
    q.async_receive([&, mine = std::move(mine)](error_code, std::unique_ptr<int> value) {
      got = *mine + *value;
    });
    own.io.poll();
    q.send(std::make_unique<int>(5));
    own.io.run_for(soon);
    CHECK(got == 6);
  }
}
