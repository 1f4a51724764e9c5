#include <unistd.h>
#include <algorithm>
#include <bulkhead/bulkhead.hpp>
#include <string>
#include <thread>
#include <vector>

#include "process/library/takers.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead::overflow;
using bulkhead_test::eventually;
using bulkhead_test::soon;
using bulkhead_test::take_and_hold;

TEST_CASE("a batch goes in and comes out in order", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  CHECK(q.send_batch(std::vector{1, 2, 3, 4, 5}) == 5);
  auto some = q.take_batch(3);
  REQUIRE(some.size() == 3);
  for (int n = 0; n < 3; ++n) CHECK(*some[static_cast<std::size_t>(n)] == n + 1);
  for (auto& d : some) d.ack();
  CHECK(q.take_batch(10).size() == 2);
  q.close();
  std::error_code ec;
  CHECK(q.send_batch(std::vector{6}, ec) == 0);
  CHECK(ec == bulkhead::errc::closed);
}

TEST_CASE("range-for ends at close", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> q{rt};
  q.send_batch(std::vector<std::string>{"a", "b", "c", "d"});
  q.close();
  std::string all;
  for (const std::string& text : q) {
    all += text;
    if (all.size() == 2) break;
  }
  CHECK(all == "ab");
  CHECK(q.in_flight().empty());
  for (auto& d : q.deliveries()) {
    all += *d;
    d.ack();
  }
  CHECK(all == "abcd");
  CHECK(q.empty());
}

TEST_CASE("a rejected message is a dead letter with its reason", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  q.send(7);
  q.take().reject("no such customer");
  const auto letter = q.dead_letters().receive_for(soon);
  REQUIRE(letter.has_value());
  CHECK(letter->value == 7);
  CHECK(letter->note == "no such customer");
  CHECK(letter->attempts == 0);
  CHECK(q.empty());
}

TEST_CASE("dead letters are sent again, each once", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 2}};
  const auto letters = q.dead_letters();
  for (const int n : {1, 2, 3}) {
    q.send(n);
    q.take().reject();
  }
  REQUIRE(eventually([&] { return letters.size() == 3; }));
  CHECK(q.redrive(10) == 2);  // there is no room for the third
  CHECK(q.receive() == 1);
  CHECK(q.receive() == 2);
  CHECK(q.redrive(10) == 1);
  CHECK(q.receive() == 3);
  CHECK(letters.empty());
}

TEST_CASE("a full queue does what its policy says, and counts it", "[queue]") {
  bulkhead::runtime rt;
  const auto make = [&](overflow policy) {
    bulkhead::queue<int> q{rt, {.capacity = 3, .overflow = policy}};
    for (const int n : {1, 2, 3}) q.send(n);
    return q;
  };
  SECTION("refuse") {
    const auto q = make(overflow::refuse);
    std::error_code ec;
    q.send(4, ec);
    CHECK(ec == bulkhead::errc::full);
    CHECK_FALSE(q.send_for(4, 1h));
    CHECK(q.counters().refused == 2);
    CHECK(q.size() == 3);
  }
  SECTION("drop_newest") {
    const auto q = make(overflow::drop_newest);
    q.send(4);
    CHECK(q.counters().dropped_newest == 1);
    for (const int n : {1, 2, 3}) CHECK(q.receive() == n);
    CHECK(q.empty());
  }
  SECTION("drop_oldest") {
    const auto q = make(overflow::drop_oldest);
    const auto held = q.take();
    for (const int n : {4, 5}) q.send(n);
    CHECK(q.counters().dropped_oldest == 2);
    CHECK(*held == 1);
    CHECK(q.receive() == 4);
    CHECK(q.receive() == 5);
    CHECK(q.empty());
  }
  SECTION("drop_oldest while takers hold all") {
    const auto q = make(overflow::drop_oldest);
    const auto held = q.take_batch(3);
    q.send(4);
    CHECK(q.counters().dropped_newest == 1);
    CHECK(q.empty());
  }
}

TEST_CASE("join waits until the last message is settled", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  q.join();
  for (const int n : {1, 2, 3}) q.send(n);
  CHECK_FALSE(q.join_for(1ms));
  std::atomic<bool> joined = false;
  std::thread waiter([&] {
    q.join();
    joined = true;
  });
  q.take().ack();
  auto last = q.take();
  q.take().reject();
  REQUIRE(eventually([&] { return q.dead_letters().size() == 1; }));
  CHECK_FALSE(joined);
  last.ack();
  CHECK(eventually([&] { return joined.load(); }));
  waiter.join();
}

TEST_CASE("join sees the end of what a killed process held", "[queue][process][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  bulkhead::queue<int> taken{rt};
  q.send(1);
  auto p = rt.spawn(take_and_hold, q, taken);
  REQUIRE(taken.receive_for(soon) == 1);
  CHECK_FALSE(q.join_for(1ms));
  p.kill();
  auto again = q.take_for(soon);
  REQUIRE(again);
  again.ack();
  CHECK(q.join_for(soon));
}

TEST_CASE("what is in flight is listed with its holder", "[queue][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  bulkhead::queue<int> taken{rt};
  q.send_batch(std::vector{1, 2, 3});
  { auto once = q.take(); }
  auto p = rt.spawn({.name = "holder"}, take_and_hold, q, taken);
  REQUIRE(taken.receive_for(soon) == 1);
  const auto mine = q.take();
  const auto all = q.in_flight();
  REQUIRE(all.size() == 2);
  CHECK(all[0].owner == "holder");
  CHECK(all[0].pid == p.id());
  CHECK(all[0].attempt == 2);
  CHECK(all[1].owner == "host");
  CHECK(all[1].id == mine.id());
  CHECK(all[1].age < soon);
  CHECK(eventually([&] { return q.in_flight()[0].age >= 20ms; }));
}
