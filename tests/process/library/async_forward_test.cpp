#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <bulkhead/bulkhead.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "process/library/async_outcomes.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Forwards that are waited for asynchronously.
namespace asio = boost::asio;
using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::queue;
using bulkhead::to;
using bulkhead_test::in_own_loop;
using bulkhead_test::outcome;
using bulkhead_test::soon;

TEST_CASE("a forward waits asynchronously for room", "[async][queue]") {
  in_own_loop own;
  const queue<int> in{own.rt};
  const queue<int> a{own.rt, {.capacity = 1}};
  const queue<std::string> b{own.rt, {.capacity = 2}};
  in.send_batch(std::vector{1, 2});
  outcome<void> done;
  auto d = in.take();
  SECTION("in one queue") {
    a.send(0);
    d.async_forward(a.sender(), 10, done.handler());
    CHECK(own.io.run_for(1ms) == 0);
    std::thread receiver([&] { CHECK(a.receive() == 0); });
    own.run();
    receiver.join();
    CHECK(a.receive() == 10);
  }
  SECTION("in several, whichever has some first, and keeps what it sends") {
    a.send(0);
    b.send_batch(std::vector<std::string>{"x", "y"});
    {
      const std::vector<std::string> texts{"one", "two"};
      const int number = 10;
      d.async_forward(to(a, number), to(b, texts), done.handler());
    }
    CHECK(own.io.run_for(1ms) == 0);
    CHECK(a.receive() == 0);
    own.io.poll();
    CHECK(!done.ec);
    CHECK(a.empty());
    std::thread receiver([&] {
      CHECK(b.receive() == "x");
      CHECK(b.receive() == "y");
    });
    own.run();
    receiver.join();
    CHECK(a.receive() == 10);
    CHECK(b.receive() == "one");
    CHECK(b.receive() == "two");
  }
  SECTION("from several") {
    a.send(0);
    std::array<bulkhead::delivery<int>, 2> both{std::move(d), in.take()};
    bulkhead::async_forward(both, to(a, std::optional(3)), to(b, std::string("three")),
                            done.handler());
    CHECK(own.io.run_for(1ms) == 0);
    CHECK(a.receive() == 0);
    own.run();
    CHECK(a.receive() == 3);
    CHECK(b.receive() == "three");
    CHECK_FALSE(both[0]);
    CHECK_FALSE(both[1]);
  }
  CHECK(!done.ec.value());
  CHECK_FALSE(d);
}

TEST_CASE("an asynchronous forward keeps what its results only show", "[async][queue]") {
  in_own_loop own;
  const queue<int> in{own.rt};
  const queue<int> a{own.rt, {.capacity = 1}};
  const queue<std::string> b{own.rt, {.capacity = 2}};
  in.send(1);
  outcome<void> done;
  auto d = in.take();
  a.send(0);
  b.send_batch(std::vector<std::string>{"x", "y"});
  {
    const std::string text = "a text that does not fit into a string without memory";
    const std::vector<std::string_view> views{text, "two"};
    d.async_forward(to(a, 10), to(b, views), done.handler());
  }
  CHECK(own.io.run_for(1ms) == 0);
  CHECK((a.receive() == 0 && b.receive() == "x" && b.receive() == "y"));
  own.run();
  CHECK(a.receive() == 10);
  CHECK(b.receive() == "a text that does not fit into a string without memory");
  CHECK(b.receive() == "two");
}

TEST_CASE("an asynchronous forward that does not come about keeps the lease", "[async][queue]") {
  in_own_loop own;
  const queue<int> in{own.rt, {.capacity = 2}};
  const queue<int> out{own.rt, {.capacity = 1}};
  in.send(1);
  outcome<void> done;
  auto d = in.take();
  out.send(0);
  SECTION("closed") {
    d.async_forward(out, 10, done.handler());
    out.close();
    own.run();
    CHECK(*done.ec == errc::closed);
  }
  SECTION("cancelled") {
    asio::cancellation_signal stop;
    d.async_forward(out, 10, asio::bind_cancellation_slot(stop.slot(), done.handler()));
    stop.emit(asio::cancellation_type::terminal);
    own.run();
    CHECK(*done.ec == asio::error::operation_aborted);
  }
  SECTION("more than ever fit") {
    d.async_forward(out, std::vector{1, 2}, done.handler());
    own.run();
    CHECK(*done.ec == errc::too_large);
  }
  SECTION("an output is an empty handle") {
    d.async_forward(to(out, 10), to(queue<int>(), 10), done.handler());
    own.run();
    CHECK(*done.ec == errc::not_initialised);
  }
  SECTION("it would wait for itself") {
    in.send(2);
    d.async_forward(in, std::vector{10, 20}, done.handler());
    own.run();
    CHECK(*done.ec == errc::full);
  }
  CHECK(d);
}

TEST_CASE("a coroutine forwards what it took", "[async][queue]") {
  in_own_loop own;
  const queue<int> in{own.rt};
  const queue<int> out{own.rt};
  in.send(4);
  const auto stage = [&]() -> asio::awaitable<void> {
    auto d = co_await in.async_take(asio::use_awaitable);
    co_await d.async_forward(to(out, *d * 2), asio::use_awaitable);
  };
  asio::co_spawn(own.io, stage(), asio::detached);
  own.run();
  CHECK(out.try_receive() == 8);
  CHECK(in.join_for(soon));
}
