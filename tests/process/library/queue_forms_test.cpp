#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <string>
#include <thread>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// The forms of a queue's calls that are for many messages.
using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::queue;
using bulkhead_test::eventually;
using bulkhead_test::soon;

namespace {

// Each call with an error_code sets it.
std::error_code anything() { return errc::corrupt; }

}  // namespace

TEMPLATE_TEST_CASE("a batch is sent as far as there is room", "[queue]", queue<int>,
                   bulkhead::queue_sender<int>) {
  bulkhead::runtime rt;
  const queue<int> q{rt, {.capacity = 3}};
  const TestType out(q);
  const std::vector five{1, 2, 3, 4, 5};
  auto ec = anything();
  SECTION("now") { CHECK(out.try_send_batch(five) == 3); }
  SECTION("now, with an error_code") { CHECK(out.try_send_batch(five, ec) == 3); }
  SECTION("in a time") { CHECK(out.send_batch_for(five, 1ms) == 3); }
  SECTION("in a time, with an error_code") { CHECK(out.send_batch_for(five, 1ms, ec) == 3); }
  CHECK((!ec || ec == errc::corrupt));
  for (const int n : {1, 2, 3}) CHECK(q.receive() == n);
  CHECK(q.empty());
  q.close();
  CHECK(out.try_send_batch(five, ec) == 0);
  CHECK(ec == errc::closed);
  CHECK(out.send_batch_for(five, soon, ec) == 0);
  CHECK(ec == errc::closed);
  CHECK_THROWS_AS(out.try_send_batch(five), bulkhead::error);
  CHECK_THROWS_AS(out.send_batch_for(five, soon), bulkhead::error);
}

TEST_CASE("a batch of nothing is no error", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  const std::vector<int> nothing;
  std::error_code ec = make_error_code(errc::corrupt);
  SECTION("send_batch") { CHECK(q.send_batch(nothing, ec) == 0); }
  SECTION("try_send_batch") { CHECK(q.try_send_batch(nothing, ec) == 0); }
  SECTION("send_batch_for") { CHECK(q.send_batch_for(nothing, 1ms, ec) == 0); }
  SECTION("of a sender") { CHECK(q.sender().send_batch(nothing, ec) == 0); }
  SECTION("take_batch") { CHECK(q.take_batch(0, ec).empty()); }
  CHECK(!ec);
}

TEST_CASE("a batch waits for room in the time that it has", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, {.capacity = 1}};
  std::vector<int> got;
  std::thread receiver([&] {
    for (const int n : q) got.push_back(n);
  });
  auto ec = anything();
  CHECK(q.send_batch_for(std::vector{1, 2, 3}, soon) == 3);
  CHECK(q.send_batch_for(std::vector{4, 5, 6}, std::chrono::hours::max(), ec) == 3);
  CHECK_FALSE(ec);
  q.close();
  receiver.join();
  CHECK(got == std::vector{1, 2, 3, 4, 5, 6});
}

TEST_CASE("the time that a batch has is for all of its messages", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, {.capacity = 1}};
  // Each waits for a small part of the time, all of them for much more.
  constexpr std::size_t many = 200;
  std::atomic<bool> over = false;
  std::thread receiver([&] {
    while (!over) {
      static_cast<void>(q.try_receive());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  const std::size_t sent = q.send_batch_for(std::vector<int>(many), std::chrono::milliseconds(200));
  over = true;
  receiver.join();
  CHECK(sent > 0);
  CHECK(sent < many);
}

TEST_CASE("a batch is taken as far as there are messages", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  auto ec = anything();
  CHECK(q.try_take_batch(5).empty());
  CHECK(q.try_take_batch(5, ec).empty());
  CHECK_FALSE(ec);
  CHECK(q.take_batch_for(5, 1ms).empty());
  ec = anything();
  CHECK(q.take_batch_for(5, 1ms, ec).empty());
  CHECK_FALSE(ec);
  q.send_batch(std::vector{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(q.try_take_batch(2).size() == 2);  // and released again
  CHECK(q.try_take_batch(2, ec).size() == 2);
  CHECK(q.take_batch_for(3, soon).size() == 3);
  auto all = q.take_batch_for(100, soon, ec);
  CHECK(all.size() == 8);
  for (int n = 0; n < 8; ++n) CHECK(*all[static_cast<std::size_t>(n)] == n + 1);
  CHECK(q.take_batch(0).empty());
  for (auto& d : all) d.ack();
  q.close();
  CHECK(q.try_take_batch(1, ec).empty());
  CHECK(ec == errc::closed);
  CHECK(q.take_batch_for(1, soon, ec).empty());
  CHECK(ec == errc::closed);
  CHECK_THROWS_AS(q.try_take_batch(1), bulkhead::error);
}

TEST_CASE("join has a form for every way to wait and to tell", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  auto ec = anything();
  CHECK(q.try_join());
  CHECK(q.try_join(ec));
  CHECK_FALSE(ec);
  q.send(1);
  auto held = q.take();
  CHECK_FALSE(q.try_join());
  ec = anything();
  CHECK_FALSE(q.try_join(ec));
  CHECK_FALSE(ec);
  ec = anything();
  CHECK_FALSE(q.join_for(1ms, ec));
  CHECK_FALSE(ec);
  held.ack();
  ec = anything();
  q.join(ec);
  CHECK_FALSE(ec);
  CHECK(q.join_for(soon, ec));
  queue<int>().join(ec);
  CHECK(ec == errc::not_initialised);
}

TEST_CASE("stages tell what ended them by an error_code", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> in{rt};
  const queue<int> out{rt};
  in.send_batch(std::vector{1, 2});
  auto ec = anything();
  SECTION("the end is no error") {
    in.close();
    int sum = 0;
    if (GENERATE(true, false)) {
      in.consume([&](int n) { sum += n; }, ec);
    } else {
      in.transform(
          out, [](int n) { return n; }, ec);
      sum = out.receive() + out.receive();
    }
    CHECK_FALSE(ec);
    CHECK(sum == 3);
  }
  SECTION("an output that fails is, and the message is there still") {
    out.close();
    in.transform(
        out, [](int n) { return n; }, ec);
    CHECK(ec == errc::closed);
    CHECK(in.size() == 2);
  }
  SECTION("a handle to nothing is") {
    queue<int>().consume([](int) {}, ec);
    CHECK(ec == errc::not_initialised);
    ec.clear();
    queue<int>().transform(
        out, [](int n) { return n; }, ec);
    CHECK(ec == errc::not_initialised);
  }
  SECTION("what a handler throws goes on to the caller") {
    CHECK_THROWS_AS(in.consume([](int) { throw std::logic_error("no"); }, ec), std::logic_error);
  }
}

TEST_CASE("what a queue's keeper is asked for has a form with an error_code", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt, {.capacity = 1}};
  auto ec = anything();
  q.send(1);
  q.take().reject("no use", ec);
  CHECK_FALSE(ec);
  ec = anything();
  const auto letters = q.dead_letters(ec);
  CHECK_FALSE(ec);
  REQUIRE(eventually([&] { return letters.size() == 1; }));
  ec = anything();
  CHECK(q.redrive(5, ec) == 1);
  CHECK_FALSE(ec);
  const auto held = q.take();
  CHECK(q.in_flight(ec).size() == 1);
  q.close(ec);
  CHECK_FALSE(ec);
  CHECK(q.closed());
  CHECK_FALSE(queue<int>().dead_letters(ec));
  CHECK(ec == errc::not_initialised);
  ec.clear();
  CHECK(queue<int>().redrive(1, ec) == 0);
  CHECK(ec == errc::not_initialised);
  CHECK_THROWS_AS(queue<int>().redrive(1), bulkhead::error);
}

TEST_CASE("redrive tells that a queue is closed", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  q.send(1);
  q.take().reject();
  const auto letters = q.dead_letters();
  REQUIRE(eventually([&] { return letters.size() == 1; }));
  q.close();
  auto ec = anything();
  CHECK(q.redrive(5, ec) == 0);
  CHECK(ec == errc::closed);
  CHECK_THROWS_AS(q.redrive(5), bulkhead::error);
  CHECK(letters.size() == 1);
}

TEST_CASE("a release reports to an error_code", "[queue]") {
  bulkhead::runtime rt;
  const queue<int> q{rt};
  q.send(1);
  auto ec = anything();
  auto d = q.take();
  d.release(ec);
  CHECK_FALSE(ec);
  d = q.take();
  ec = anything();
  d.release(1ms, ec);
  CHECK_FALSE(ec);
  d.release(ec);
  CHECK(ec == errc::already_settled);
  CHECK_THROWS_AS(d.release(), bulkhead::error);
  CHECK(q.receive_for(soon) == 1);
}

TEST_CASE("a sender lends as its queue does", "[queue]") {
  bulkhead::runtime rt;
  const queue<std::string> q{rt, {.payload_bytes = 64 << 10}};
  const auto s = q.sender();
  auto ec = anything();
  auto first = s.try_loan(40'000, ec);
  REQUIRE(first);
  CHECK_FALSE(ec);
  CHECK_FALSE(s.try_loan(40'000));
  CHECK_FALSE(s.loan_for(40'000, 1ms));
  CHECK_FALSE(s.loan_for(40'000, 1ms, ec));
  CHECK_FALSE(ec);
  first.span().front() = 'x';
  s.send(std::move(first));
  CHECK(q.receive().size() == 40'000);
}
