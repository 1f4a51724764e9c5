#include <unistd.h>

#include <array>
#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <future>
#include <numeric>
#include <optional>
#include <support/catch.hpp>

#include "process/library/sleeping.hpp"
#include "process/library/waits.hpp"

using bulkhead::errc;
using bulkhead::queue;
using bulkhead_test::soon;
using words = std::vector<std::uint64_t>;

namespace {

struct picture {
  std::array<std::uint32_t, 4096> points;
};

template <class Loan>
void fill(Loan& room, std::uint64_t first) {
  std::iota(room.span().begin(), room.span().end(), first);
}

template <class Elements>
bool counts_from(const Elements& elements, std::uint64_t first) {
  for (const auto& e : elements) {
    if (e != first++) return false;
  }
  return true;
}

void send_one(const queue<words>& q, std::uint64_t first, std::size_t n) {
  auto room = q.loan(n);
  fill(room, first);
  q.send(std::move(room));
}

// Sends by loans for ever, each a little longer than the last.
void send_by_loans(queue<words> q) {
  for (std::uint64_t n = 0;; ++n) send_one(q, n, 100 + n % 300);
}

void take_in_place_and_hold(queue<words> q, queue<std::uint64_t> said) {
  const auto d = q.take_in_place();
  said.send(d.span().front());
  for (;;) pause();
}

void hold_loans(queue<words> q, queue<std::uint64_t> said) {
  auto first = q.loan(50'000);
  auto second = q.loan(50'000);
  send_one(q, 7, 1000);
  said.send(7);
  for (;;) pause();
}

}  // namespace

TEST_CASE("a message that was filled in a loan is the one that comes", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.capacity = 10}};
  // In a slot, just beyond one, in a block of many lines; over several laps of the ring.
  const std::size_t n = GENERATE(0, 1, 5, 6, 1000, 100'000);
  for (std::uint64_t turn = 0; turn < 40; ++turn) {
    auto room = q.loan(n);
    REQUIRE(room.size() == n);
    fill(room, turn);
    q.send(std::move(room));
    CHECK_FALSE(room);
    const words got = q.receive();
    REQUIRE(got.size() == n);
    REQUIRE(counts_from(got, turn));
  }
}

TEST_CASE("one object is filled and read where it lies", "[queue]") {
  bulkhead::runtime rt;
  const queue<picture> q{rt, {.capacity = 4}};
  for (std::uint32_t turn = 0; turn < 20; ++turn) {
    auto room = q.loan();
    for (auto& p : room->points) p = turn;
    q.send(std::move(room));
    auto d = q.take_in_place();
    REQUIRE(d);
    CHECK(d->points[0] == turn);
    CHECK((*d).points[4095] == turn);
    d.ack();
    CHECK_FALSE(d);
  }
  CHECK(q.empty());
}

TEST_CASE("a loan holds up nothing: others, and other sends, go between", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.capacity = 8}};
  for (std::uint64_t turn = 0; turn < 30; ++turn) {
    auto first = q.loan(200);
    auto second = q.loan(210);
    fill(second, 2000 + turn);
    send_one(q, 3000 + turn, 190);
    q.send(words(205, turn));
    fill(first, 1000 + turn);
    q.send(std::move(second));
    q.send(std::move(first));
    CHECK(counts_from(q.receive(), 3000 + turn));
    CHECK(q.receive() == words(205, turn));
    CHECK(counts_from(q.receive(), 2000 + turn));
    const words last = q.receive();
    REQUIRE(last.size() == 200);
    CHECK(counts_from(last, 1000 + turn));
  }
}

TEST_CASE("a loan that there is no room for drops no message, and counts none", "[queue]") {
  bulkhead::runtime rt;
  const auto policy = GENERATE(bulkhead::overflow::drop_newest, bulkhead::overflow::drop_oldest);
  const queue<words> q{rt, {.capacity = 1, .payload_bytes = 1 << 16, .overflow = policy}};
  auto most = q.loan(6000);
  std::error_code ec;
  CHECK_FALSE(q.loan(6000, ec));
  CHECK(ec == errc::full);
  CHECK_FALSE(q.try_loan(6000));
  CHECK(q.counters().dropped_newest == 0);
  CHECK(q.counters().dropped_oldest == 0);
  // One that is sent into a full queue is a message.
  fill(most, 2);
  send_one(q, 1, 3);
  q.send(std::move(most));
  CHECK(q.counters().dropped_newest + q.counters().dropped_oldest == 1);
}

TEST_CASE("what a dropped loan had is there again", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.capacity = 4, .payload_bytes = 1 << 20}};
  for (int turn = 0; turn < 50; ++turn) {
    auto room = q.loan((1 << 17) - 2);  // all there is
    CHECK(room.size() == (1 << 17) - 2);
  }
  q.send(words(1 << 16, 1));
  CHECK(q.receive().size() == (1 << 16));
}

TEST_CASE("who waits for a loan is woken when another thread drops one", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.payload_bytes = 1 << 20}};
  constexpr std::size_t most_of_it = 90'000;
  // One that is not woken looks by itself after a second. Under load a wake-up may take that long
  // as well, but not each time.
  bool woken = false;
  for (int n = 0; n < 10 && !woken; ++n) {
    auto first = std::make_optional(q.loan(most_of_it));
    std::atomic<pid_t> waiter = 0;
    auto second = std::async(std::launch::async, [&] {
      waiter = gettid();
      waiter.notify_one();
      const auto got = q.loan(most_of_it);
      return got.size() == most_of_it ? std::chrono::steady_clock::now()
                                      : std::chrono::steady_clock::time_point::max();
    });
    waiter.wait(0);
    REQUIRE(bulkhead_test::await_sleep(waiter));
    const auto dropped = std::chrono::steady_clock::now();
    first.reset();
    woken = second.get() - dropped < std::chrono::milliseconds(500);
  }
  CHECK(woken);
}

TEST_CASE("a loan waits for room in the payload area, and tells what never fits", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.payload_bytes = 1 << 16, .overflow = bulkhead::overflow::refuse}};
  std::error_code ec;
  auto most = q.loan(6000, ec);
  REQUIRE_FALSE(ec);
  CHECK_FALSE(q.loan(6000, ec));
  CHECK(ec == errc::full);
  CHECK_FALSE(q.loan(1 << 16, ec));
  CHECK(ec == errc::too_large);
  CHECK_FALSE(q.loan(~std::size_t{0}, ec));
  CHECK(ec == errc::too_large);
  const queue<words> none{rt, {.payload_bytes = 0}};
  CHECK_FALSE(none.loan(1000, ec));
  CHECK(ec == errc::too_large);
  none.send(none.loan(5));
  CHECK(none.take_in_place().size() == 5);
  CHECK_THROWS_AS(queue<words>().loan(1000), bulkhead::error);
}

TEST_CASE("a loan that there is no room for now is not waited for", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.payload_bytes = 1 << 16}};
  {
    auto most = q.try_loan(6000);
    REQUIRE(most.size() == 6000);
    CHECK_FALSE(q.try_loan(6000));
    std::error_code ec = std::make_error_code(std::errc::io_error);
    CHECK_FALSE(q.try_loan(6000, ec));
    CHECK_FALSE(ec);
    CHECK_FALSE(q.loan_for(6000, std::chrono::milliseconds(1)));
    CHECK_FALSE(q.loan_for(6000, std::chrono::milliseconds(1), ec));
    CHECK_FALSE(ec);
    CHECK_THROWS_AS(q.try_loan(1 << 16), bulkhead::error);
    CHECK_FALSE(q.try_loan(1 << 16, ec));
    CHECK(ec == errc::too_large);
  }
  auto room = q.loan_for(6000, soon);
  REQUIRE(room.size() == 6000);
  fill(room, 3);
  q.send(std::move(room));
  CHECK(counts_from(q.receive(), 3));
}

TEST_CASE("a full queue leaves a loan as it is, to be sent later", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.capacity = 1}};
  const std::size_t n = GENERATE(3, 1000);
  send_one(q, 1, n);
  auto room = q.loan(n);
  fill(room, 2);
  CHECK_FALSE(q.try_send(std::move(room)));
  CHECK_FALSE(q.send_for(std::move(room), std::chrono::milliseconds(1)));
  REQUIRE(room);
  CHECK(counts_from(q.receive(), 1));
  CHECK(q.try_send(std::move(room)));
  CHECK_FALSE(room);
  CHECK(counts_from(q.receive(), 2));
  std::error_code ec;
  q.send(std::move(room), ec);
  CHECK(ec == errc::already_settled);
}

TEST_CASE("a loan goes to the queue that lent it, while that is open", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt};
  const queue<words> other{rt};
  auto room = q.loan(1000);
  std::error_code ec;
  other.send(std::move(room), ec);
  CHECK(ec == errc::unsupported);
  const queue<words> same = q;
  same.send(std::move(room));
  auto late = q.loan(1000);
  q.close();
  q.send(std::move(late), ec);
  CHECK(ec == errc::closed);
  CHECK_FALSE(q.loan(1000, ec));
  CHECK(ec == errc::closed);
  CHECK(q.receive().size() == 1000);
}

TEST_CASE("a delivery that is read in place settles as others do", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt};
  const queue<words> out{rt};
  const std::size_t n = GENERATE(2, 2000);
  CHECK_FALSE(q.try_take_in_place());
  CHECK_FALSE(q.take_in_place_for(std::chrono::milliseconds(1)));
  q.send(words(n, 5));
  auto d = q.take_in_place();
  CHECK(reinterpret_cast<std::uintptr_t>(d.data()) % alignof(std::uint64_t) == 0);
  CHECK(d.attempt() == 1);
  const auto id = d.id();
  d.release();
  d = q.try_take_in_place();
  REQUIRE(d);
  CHECK(d.attempt() == 2);
  CHECK(d.id() == id);
  SECTION("released when it goes") {
    { const auto moved = std::move(d); }
    CHECK(q.try_take_in_place().attempt() == 3);
  }
  SECTION("forwarded") {
    d.forward(out, words(d.span().begin(), d.span().end()));
    CHECK(out.receive() == words(n, 5));
    CHECK(q.join_for(soon));
  }
  SECTION("rejected") {
    d.reject("no use");
    const auto letter = q.dead_letters().take_for(soon);
    REQUIRE(letter);
    CHECK(letter->value == words(n, 5));
  }
  SECTION("settled twice") {
    d.ack();
    CHECK_THROWS_AS(d.ack(), bulkhead::error);
  }
}

TEST_CASE("a message is not written over before it is settled", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.capacity = 4, .payload_bytes = 1 << 20}};
  send_one(q, 1, 500);
  const auto held = q.take_in_place();
  for (std::uint64_t n = 0; n < 50; ++n) {
    send_one(q, 100 + n, 500);
    q.send(words(500, n));
    auto a = q.take_in_place();
    auto b = q.take_in_place();
    CHECK(counts_from(a.span(), 100 + n));
    CHECK(b.span()[499] == n);
    a.ack();
    b.ack();
    REQUIRE(counts_from(held.span(), 1));
  }
}

TEST_CASE("where leases have an end nothing is taken in place", "[queue]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.lease = std::chrono::hours(1)}};
  send_one(q, 1, 1000);
  std::error_code ec;
  CHECK_FALSE(q.take_in_place(ec));
  CHECK(ec == errc::unsupported);
  CHECK_THROWS_AS(q.try_take_in_place(), bulkhead::error);
  auto d = q.take();
  CHECK(d.attempt() == 1);
  CHECK(counts_from(*d, 1));
  d.ack();
}

TEST_CASE("a sender that is killed among its loans loses none that was sent",
          "[queue][process][crash]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.capacity = 16, .payload_bytes = 1 << 18}};
  for (int round = 0; round < 20; ++round) {
    auto p = rt.spawn(&send_by_loans, q);
    std::uint64_t next = 0;
    for (; next < 30; ++next) {
      const auto got = q.receive_for(soon);
      REQUIRE(got);
      REQUIRE(got->size() == 100 + next % 300);
      REQUIRE(counts_from(*got, next));
    }
    p.kill();
    p.join();
    // What it had sent before is whole, in order.
    while (const auto got = q.try_receive()) {
      REQUIRE(got->size() == 100 + next % 300);
      REQUIRE(counts_from(*got, next++));
    }
  }
}

TEST_CASE("loans go with the process that holds them", "[queue][process][crash]") {
  bulkhead::runtime rt;
  const queue<words> q{rt, {.payload_bytes = 1 << 20}};
  const queue<std::uint64_t> said{rt};
  for (int round = 0; round < 5; ++round) {
    auto p = rt.spawn(&hold_loans, q, said);
    REQUIRE(said.receive_for(soon));
    p.kill();
    p.join();
    auto d = q.take_in_place_for(soon);
    REQUIRE(d);
    CHECK(counts_from(d.span(), 7));
    d.ack();
  }
}

TEST_CASE("what a killed process read in place comes again", "[queue][process][crash]") {
  bulkhead::runtime rt;
  const queue<words> q{rt};
  const queue<std::uint64_t> said{rt};
  send_one(q, 9, 5000);
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    auto p = rt.spawn(&take_in_place_and_hold, q, said);
    CHECK(said.receive_for(soon) == 9);
    p.kill();
    p.join();
  }
  auto d = q.take_in_place_for(soon);
  REQUIRE(d);
  CHECK(d.attempt() == 4);
  CHECK(d.size() == 5000);
  CHECK(counts_from(d.span(), 9));
  d.ack();
  CHECK(q.join_for(soon));
}
