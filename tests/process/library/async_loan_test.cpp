#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "process/library/async_outcomes.hpp"
#include "process/library/futures.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Messages that are filled and read in place, waited for asynchronously.
namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using bulkhead::errc;
using bulkhead::lent_delivery;
using bulkhead::queue;
using bulkhead::queue_loan;
using bulkhead_test::failure_of;
using bulkhead_test::in_own_loop;
using bulkhead_test::outcome;
using bulkhead_test::result_of;
using bulkhead_test::soon;
using words = std::vector<std::uint64_t>;

namespace {

// Room for one message of that many words, and not for a second.
constexpr std::size_t most = 6000;
constexpr bulkhead::queue_options one_large{.payload_bytes = 1 << 16};

queue_loan<words> filled(const queue<words>& q, std::uint64_t with, std::size_t n = most) {
  auto room = q.loan(n);
  for (std::uint64_t& word : room.span()) word = with;
  return room;
}

}  // namespace

TEST_CASE("a loan, its send and a take in place end at once where they can, but not inline",
          "[async][queue][loan]") {
  in_own_loop own;
  const queue<words> q{own.rt};
  const std::size_t n = GENERATE(0, 3, 5000);
  outcome<queue_loan<words>> lent;
  q.async_loan(n, lent.handler());
  CHECK(!lent.ec);
  own.run();
  CHECK(!lent.ec.value());
  REQUIRE(lent.value);
  REQUIRE(lent.value.size() == n);
  for (std::uint64_t& word : lent.value.span()) word = 7;
  outcome<void> sent;
  q.async_send(std::move(lent.value), sent.handler());
  CHECK(q.size() == 1);
  CHECK(!sent.ec);
  own.run();
  CHECK(!sent.ec.value());
  outcome<lent_delivery<words>> taken;
  q.async_take_in_place(taken.handler());
  CHECK(!taken.ec);
  own.run();
  CHECK(!taken.ec.value());
  REQUIRE(taken.value);
  CHECK(words(taken.value.span().begin(), taken.value.span().end()) == words(n, 7));
  taken.value.ack();
}

TEST_CASE("a loan waits asynchronously for room in the payload area", "[async][queue][loan]") {
  in_own_loop own;
  const queue<words> q{own.rt, one_large};
  outcome<queue_loan<words>> lent;
  std::optional first = filled(q, 1);
  SECTION("that another loan gives back") {
    q.async_loan(most, lent.handler());
    CHECK(own.io.run_for(1ms) == 0);
    first.reset();
  }
  SECTION("that a message has until it is settled") {
    q.send(std::move(*first));
    auto d = q.take_in_place();
    q.sender().async_loan(most, lent.handler());
    CHECK(own.io.run_for(1ms) == 0);
    std::thread reader([&] { d.ack(); });
    own.run();
    reader.join();
  }
  SECTION("that another loan has whose send comes later and waits too") {
    q.async_loan(most, lent.handler());
    outcome<void> sent;
    q.async_send(std::move(*first), sent.handler());
    own.io.poll();
    CHECK(!sent.ec.value());
    CHECK(!lent.ec);
    CHECK(q.receive() == words(most, 1));
  }
  own.run();
  CHECK(!lent.ec.value());
  CHECK(lent.value.size() == most);
}

TEST_CASE("loans that wait are lent in the order in which they were asked for",
          "[async][queue][loan]") {
  in_own_loop own;
  const queue<words> q{own.rt, one_large};
  std::optional first = filled(q, 1, 4000);
  outcome<queue_loan<words>> large;
  outcome<queue_loan<words>> small;
  q.async_loan(most, large.handler());
  q.async_loan(1000, small.handler());  // for which there is room
  own.io.poll();
  CHECK(!large.ec);
  CHECK(!small.ec);
  first.reset();
  own.run();
  CHECK(!large.ec.value());
  CHECK(!small.ec.value());
}

TEST_CASE("the send of a loan waits asynchronously for a place", "[async][queue][loan]") {
  in_own_loop own;
  const queue<words> q{own.rt, {.capacity = 1, .payload_bytes = 1 << 16}};
  const std::size_t n = GENERATE(3, 4000);
  q.send(words(1, 0));
  outcome<void> value;
  outcome<void> a;
  outcome<void> b;
  SECTION("in order") {
    auto one = filled(q, 1, n);
    auto two = filled(q, 2, 3);
    q.async_send(std::move(one), a.handler());
    q.async_send(std::move(two), b.handler());
    CHECK(own.io.run_for(1ms) == 0);
    std::thread receiver([&] {
      CHECK(q.receive_for(soon) == words(1, 0));
      CHECK(q.receive_for(soon) == words(n, 1));
      CHECK(q.receive_for(soon) == words(3, 2));
    });
    own.run();
    receiver.join();
    CHECK(!b.ec.value());
  }
  SECTION("not behind a value that waits for the room it has") {
    auto one = filled(q, 1, 5000);
    q.receive();
    q.async_send(words(5000, 2), value.handler());
    own.io.poll();
    CHECK(!value.ec);
    q.async_send(std::move(one), a.handler());
    std::thread receiver([&] {
      CHECK(q.receive_for(soon) == words(5000, 1));
      CHECK(q.receive_for(soon) == words(5000, 2));
    });
    own.run();
    receiver.join();
    CHECK(!value.ec.value());
  }
  CHECK(!a.ec.value());
}

TEST_CASE("a take in place waits asynchronously for a message, in line with other takes",
          "[async][queue][loan]") {
  in_own_loop own;
  const queue<words> q{own.rt};
  outcome<lent_delivery<words>> first;
  outcome<bulkhead::delivery<words>> second;
  q.async_take_in_place(first.handler());
  q.async_take(second.handler());
  CHECK(own.io.run_for(1ms) == 0);
  q.send(words(2000, 1));
  q.send(words(2000, 2));
  own.run();
  CHECK(!first.ec.value());
  CHECK(first.value.span()[1999] == 1);
  CHECK((*second.value)[1999] == 2);
  first.value.ack();
}

TEST_CASE("what ends an asynchronous call for messages in place", "[async][queue][loan]") {
  in_own_loop own;
  const queue<words> q{own.rt, {.capacity = 1, .payload_bytes = 1 << 16}};
  const queue<words> none{own.rt};
  asio::cancellation_signal stop[3];
  outcome<queue_loan<words>> lent;
  outcome<void> sent;
  outcome<lent_delivery<words>> taken;
  std::optional held = filled(q, 1, 4000);
  q.send(words(1, 1));
  q.async_loan(most, asio::bind_cancellation_slot(stop[0].slot(), lent.handler()));
  q.async_send(filled(q, 2, 1000), asio::bind_cancellation_slot(stop[1].slot(), sent.handler()));
  none.async_take_in_place(asio::bind_cancellation_slot(stop[2].slot(), taken.handler()));
  CHECK(own.io.run_for(1ms) == 0);
  SECTION("its cancellation, and nothing was sent or taken") {
    for (auto& signal : stop) signal.emit(asio::cancellation_type::terminal);
    own.run();
    CHECK(*lent.ec == asio::error::operation_aborted);
    CHECK(*sent.ec == asio::error::operation_aborted);
    CHECK(*taken.ec == asio::error::operation_aborted);
    CHECK(q.receive().size() == 1);
    CHECK_FALSE(q.try_receive());
    none.send(words(1, 5));
    CHECK(none.try_receive());
    // The room of both loans is there again.
    held.reset();
    CHECK(q.try_loan(most));
  }
  SECTION("the queue's close") {
    q.close();
    none.close();
    own.run();
    CHECK(*lent.ec == errc::closed);
    CHECK(*sent.ec == errc::closed);
    CHECK(*taken.ec == errc::closed);
  }
  CHECK_FALSE(lent.value);
  CHECK_FALSE(taken.value);
}

TEST_CASE("asynchronous calls for messages in place tell what never comes",
          "[async][queue][loan]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.payload_bytes = 1 << 16, .overflow = bulkhead::overflow::refuse}};
  CHECK(failure_of(q.async_loan(1 << 16, asio::use_future)) == errc::too_large);
  auto room = filled(q, 1);
  CHECK(failure_of(q.async_loan(most, asio::use_future)) == errc::full);
  const queue<words> other{rt};
  CHECK(failure_of(other.async_send(std::move(room), asio::use_future)) == errc::unsupported);
  CHECK(failure_of(q.async_send(queue_loan<words>(), asio::use_future)) == errc::already_settled);
  CHECK(failure_of(queue<words>().async_loan(1, asio::use_future)) == errc::not_initialised);
  const queue<words> leases_end{rt, {.lease = std::chrono::hours(1)}};
  leases_end.send({1});
  CHECK(failure_of(leases_end.async_take_in_place(asio::use_future)) == errc::unsupported);
}

TEST_CASE("where a loan was not sent its room is free before the handler runs",
          "[async][queue][loan]") {
  in_own_loop own;
  const queue<words> q{own.rt, {.capacity = 1, .payload_bytes = 1 << 16}};
  q.send(words(1, 1));
  asio::cancellation_signal stop;
  bool room_again = false;
  q.async_send(filled(q, 2), asio::bind_cancellation_slot(stop.slot(), [&](error_code) {
                 room_again = static_cast<bool>(q.try_loan(most));
               }));
  stop.emit(asio::cancellation_type::terminal);
  own.run();
  CHECK(room_again);
}

TEST_CASE("a loan that came asynchronously outlives the handle that lent it",
          "[async][queue][loan]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, one_large};
  auto handle = std::make_unique<queue<words>>(q);
  SECTION("while it is filled") {
    auto room = result_of(handle->async_loan(most, asio::use_future));
    *handle = queue<words>();
    handle.reset();
    for (std::uint64_t& word : room.span()) word = 3;
    q.send(std::move(room));
    CHECK(q.receive() == words(most, 3));
  }
  SECTION("while it is on its way to a handler that never runs") {
    asio::io_context io;
    handle->async_loan(most, asio::bind_executor(io, [](error_code, auto) { std::abort(); }));
    handle.reset();
    CHECK_FALSE(q.try_loan(most));
  }
  SECTION("while it waits to be sent") {
    const queue<words> full{rt, {.capacity = 1}};
    full.send({1});
    handle = std::make_unique<queue<words>>(full);
    auto sent = handle->async_send(filled(*handle, 4), asio::use_future);
    *handle = queue<words>();
    CHECK(full.receive() == words{1});
    result_of(std::move(sent));
    CHECK(full.receive() == words(most, 4));
  }
  CHECK(q.try_loan(most));
}

TEST_CASE("coroutines and senders use messages in place", "[async][queue][loan]") {
  using namespace asio::experimental::awaitable_operators;
  in_own_loop own;
  const queue<words> q{own.rt, one_large};
  std::uint64_t sum = 0;
  const auto talk = [&]() -> asio::awaitable<void> {
    const bulkhead::queue_sender<words> to = q.sender();
    for (std::uint64_t n = 1; n <= 3; ++n) {
      auto room = co_await to.async_loan(most, asio::use_awaitable);
      room.span().front() = n;
      co_await to.async_send(std::move(room), asio::use_awaitable);
      auto d = co_await q.async_take_in_place(asio::use_awaitable);
      sum += d.span().front();
      d.ack();
    }
    asio::steady_timer timer(own.io, 2ms);
    const auto held = q.loan(most);
    const auto raced =
        co_await (q.async_loan(most, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    sum += raced.index() * 10;
  };
  asio::co_spawn(own.io, talk(), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
  own.run();
  CHECK(sum == 16);
  const queue<std::uint64_t> one{own.rt};
  one.async_loan(asio::use_future);
}
