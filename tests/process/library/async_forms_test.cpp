#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "process/library/async_outcomes.hpp"
#include "process/library/futures.hpp"
#include "process/library/takers.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Batches, joins, forwards and polls that are waited for asynchronously.
namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using bulkhead::errc;
using bulkhead::queue;
using bulkhead::to;
using bulkhead_test::eventually;
using bulkhead_test::failure_of;
using bulkhead_test::in_own_loop;
using bulkhead_test::outcome;
using bulkhead_test::result_of;
using bulkhead_test::soon;

TEST_CASE("a batch is sent asynchronously as there is room", "[async][queue]") {
  in_own_loop own;
  const queue<int> q{own.rt, {.capacity = 2}};
  outcome<std::size_t> sent;
  SECTION("to its end") {
    q.async_send_batch({1, 2, 3, 4, 5}, sent.handler());
    CHECK(q.size() == 2);
    CHECK(own.io.run_for(1ms) == 0);
    std::thread receiver([&] {
      for (int n = 1; n <= 5; ++n) CHECK(q.receive_for(soon) == n);
    });
    own.run();
    receiver.join();
    CHECK(!*sent.ec);
    CHECK(sent.value == 5);
  }
  SECTION("until the queue is closed") {
    q.async_send_batch({1, 2, 3}, sent.handler());
    q.close();
    own.run();
    CHECK(*sent.ec == errc::closed);
    CHECK(sent.value == 2);
  }
  SECTION("until it is cancelled") {
    asio::cancellation_signal stop;
    q.sender().async_send_batch({1, 2, 3},
                                asio::bind_cancellation_slot(stop.slot(), sent.handler()));
    stop.emit(asio::cancellation_type::terminal);
    own.run();
    CHECK(*sent.ec == asio::error::operation_aborted);
    CHECK(sent.value == 2);
  }
}

TEST_CASE("a batch is taken asynchronously when there is a message", "[async][queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  auto first = q.async_take_batch(3, asio::use_future);
  CHECK(first.wait_for(1ms) == std::future_status::timeout);
  q.send(1);
  CHECK(result_of(std::move(first)).size() == 1);  // and released again
  q.send_batch(std::vector{2, 3, 4});
  auto some = result_of(q.async_take_batch(3, asio::use_future));
  REQUIRE(some.size() == 3);
  CHECK(*some[0] == 1);
  CHECK(result_of(q.async_take_batch(0, asio::use_future)).empty());
  for (auto& d : some) d.ack();
  q.receive();
  q.close();
  CHECK(failure_of(q.async_take_batch(1, asio::use_future)) == errc::closed);
}

TEST_CASE("all messages' settling is waited for asynchronously", "[async][queue]") {
  in_own_loop own;
  const queue<int> q{own.rt};
  outcome<void> joined;
  SECTION("that is over already") {
    q.async_join(joined.handler());
    own.run();
  }
  SECTION("the last of them, however it is settled") {
    q.send_batch(std::vector{1, 2, 3, 4});
    auto all = q.take_batch(4);
    q.async_join(joined.handler());
    for (auto& d : all) {
      own.io.poll();
      CHECK(!joined.ec);
      if (&d != &all.back()) d.ack();
    }
    const queue<int> out{own.rt};
    const std::string_view how = GENERATE("ack", "reject", "forward");
    CAPTURE(how);
    if (how == "ack") all.back().ack();
    if (how == "reject") all.back().reject();
    if (how == "forward") all.back().forward(out, 1);
    own.run();
  }
  SECTION("by two, and a thread that joins too") {
    q.send(1);
    outcome<void> other;
    q.async_join(joined.handler());
    q.async_join(other.handler());
    std::thread waiter([&] { q.join(); });
    q.take().ack();
    own.run();
    waiter.join();
    CHECK(!other.ec.value());
  }
  CHECK(!joined.ec.value());
}

TEST_CASE("an asynchronous join is heard over processes, and can be cancelled",
          "[async][queue][process]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  q.send(1);
  auto held = q.take();
  auto joined = q.async_join(asio::use_future);
  CHECK(joined.wait_for(1ms) == std::future_status::timeout);
  SECTION("a child settles the last one") {
    q.send(2);
    held.ack();
    auto p = rt.spawn([](queue<int> from) { from.receive(); }, q);
    result_of(std::move(joined));
    CHECK(p.join().success());
  }
  SECTION("it is cancelled") {
    asio::cancellation_signal stop;
    asio::io_context io;
    error_code ended;
    q.async_join(asio::bind_cancellation_slot(
        stop.slot(), asio::bind_executor(io, [&](error_code ec) { ended = ec; })));
    stop.emit(asio::cancellation_type::terminal);
    io.run_for(soon);
    CHECK(ended == asio::error::operation_aborted);
    held.ack();
    result_of(std::move(joined));
  }
  SECTION("it is of no queue") {
    CHECK(failure_of(queue<int>().async_join(asio::use_future)) == errc::not_initialised);
    held.ack();
    result_of(std::move(joined));
  }
}

TEST_CASE("pipe ends send and receive batches asynchronously", "[async][pipe]") {
  in_own_loop own;
  auto pipe = bulkhead::make_pipe<std::string, int>(own.rt, {.capacity = 2, .ring_bytes = 4096});
  auto& a = pipe.first;
  auto& b = pipe.second;
  SECTION("larger than the ring, in part") {
    const std::vector<std::string> all{"a", std::string(20'000, 'b'), "c", std::string(9'000, 'd')};
    outcome<std::size_t> sent;
    a.async_send_batch(all, sent.handler());
    std::vector<std::string> got;
    std::thread receiver([&] {
      for (std::size_t n = 0; n < all.size(); ++n) got.push_back(b.receive());
    });
    own.run();
    receiver.join();
    CHECK(!sent.ec.value());
    CHECK(sent.value == all.size());
    CHECK(got == all);
  }
  SECTION("as many as there are") {
    outcome<std::vector<int>> got;
    a.async_receive_batch(5, got.handler());
    CHECK(own.io.run_for(1ms) == 0);
    CHECK(b.send_batch(std::vector{1, 2}) == 2);
    own.run();
    CHECK(!got.ec.value());
    CHECK(got.value == std::vector{1, 2});
  }
  SECTION("until the other side closes") {
    outcome<std::size_t> sent;
    outcome<std::vector<int>> got;
    b.async_send_batch({1, 2, 3}, sent.handler());
    b.async_receive_batch(1, asio::detached);
    a.close();
    own.run();
    CHECK(*sent.ec == errc::closed);
    CHECK(sent.value == 2);
  }
}

TEST_CASE("a pipe end is polled asynchronously", "[async][pipe]") {
  in_own_loop own;
  auto pipe = bulkhead::make_pipe<int, int>(own.rt);
  outcome<void> found;
  pipe.first.async_poll(found.handler());
  CHECK(own.io.run_for(1ms) == 0);
  SECTION("a message") {
    pipe.second.send(1);
    own.run();
    CHECK(!found.ec.value());
    CHECK(pipe.first.try_receive() == 1);
  }
  SECTION("the end") {
    pipe.second.close();
    own.run();
    CHECK(!found.ec.value());
  }
  SECTION("beside one that receives, whom it does not hold up") {
    outcome<int> got;
    pipe.first.async_receive(got.handler());
    pipe.second.send_batch(std::vector{1, 2});
    own.run();
    CHECK(!found.ec.value());
    CHECK(got.value == 1);
  }
  SECTION("an end that goes") {
    { const auto gone = std::move(pipe.first); }
    own.run();
    CHECK(*found.ec == asio::error::operation_aborted);
  }
}
