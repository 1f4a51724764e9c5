#include <bulkhead/bulkhead.hpp>
#include <string>
#include <thread>
#include <vector>

#include "process/library/waits.hpp"
#include "queue_state.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead::to;
using bulkhead_test::eventually;
using bulkhead_test::soon;

TEST_CASE("one step settles an input and sends to several queues", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<std::string> names{rt};
  bulkhead::queue<int> numbers{rt};
  in.send(3);
  in.take().forward(to(names, std::string("three")), to(numbers, std::vector{3, 4}),
                    to(numbers, 5));
  CHECK(names.receive() == "three");
  for (const int n : {3, 4, 5}) CHECK(numbers.receive() == n);
  CHECK(in.empty());
  CHECK(in.join_for(soon));
}

TEST_CASE("a forward to several queues waits for the last that is full", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<int> a{rt, {.capacity = 1}};
  bulkhead::queue<int> b{rt, {.capacity = 1}};
  a.send(0);
  b.send(0);
  in.send(1);
  std::thread stage([&] { in.take().forward(to(a, 1), to(b, 2)); });
  CHECK(b.receive() == 0);
  CHECK(in.in_flight().size() <= 1);
  CHECK(b.empty());  // nothing comes before there is room everywhere
  CHECK(a.receive() == 0);
  CHECK(a.receive_for(soon) == 1);
  CHECK(b.receive_for(soon) == 2);
  stage.join();
}

TEST_CASE("several inputs are settled with what comes of them", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<int> out{rt, {.capacity = 1}};
  in.send_batch(std::vector{1, 2, 3});
  auto all = in.take_batch(3);
  int sum = 0;
  for (const auto& d : all) sum += *d;
  out.send(0);
  CHECK_FALSE(bulkhead::try_forward(std::span(all), to(out, sum)));
  for (const auto& d : all) CHECK(d);
  CHECK(out.receive() == 0);
  bulkhead::forward(all, to(out, sum));
  for (const auto& d : all) CHECK_FALSE(d);
  CHECK(out.receive() == 6);
  CHECK(in.join_for(soon));
}

TEST_CASE("a forward to a closed queue among several keeps the lease", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<int> open{rt};
  bulkhead::queue<int> closed{rt, {.name = "archive"}};
  closed.close();
  in.send(1);
  auto d = in.take();
  CHECK_THROWS_AS(d.forward(to(open, 1), to(closed, 1)), bulkhead::error);
  REQUIRE(d);
  CHECK(open.empty());
  d.ack();
  CHECK_THROWS_AS(d.forward(to(open, 1)), bulkhead::error);
}

TEST_CASE("results for which an output's payload never has room are refused at once", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<std::string> out{rt, {.payload_bytes = 64 << 10}};
  in.send(1);
  auto d = in.take();
  std::error_code ec;
  d.forward(out, std::vector<std::string>(3, std::string(30'000, 'x')), ec);
  CHECK(ec == bulkhead::errc::too_large);
  CHECK(out.empty());
  REQUIRE(d);
  d.forward(out, std::vector<std::string>(2, std::string(30'000, 'x')));
  CHECK(out.size() == 2);
}

TEST_CASE("a lone receiver does not wait for itself", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 2}};
  q.send(1);
  q.send(2);
  auto d = q.take();
  std::error_code ec;
  d.forward(q, std::vector{10, 20}, ec);
  CHECK(ec == bulkhead::errc::full);
  REQUIRE(d);
  d.forward(q, 10);  // the place that it frees is enough for one
  CHECK(q.receive() == 2);
  CHECK(q.receive() == 10);
}

// Its block is free only once the forward has succeeded.
TEST_CASE("who forwards into its own queue does not wait for the room of its own input",
          "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> q{rt, {.payload_bytes = 256 * 1024}};
  const std::string large(150'000, 'x');
  q.send(large);
  auto d = q.take();
  std::error_code ec;
  d.forward(q, large, ec);
  CHECK(ec == bulkhead::errc::full);
  REQUIRE(d);
  d.forward(q, std::string(90'000, 'y'));
  CHECK(q.receive() == std::string(90'000, 'y'));
}

namespace {

// Takes and acknowledges one message a ticket.
void take_for_tickets(bulkhead::queue<int> q, bulkhead::queue<int> tickets) {
  for (int ticket : tickets) {
    q.take().ack();
    static_cast<void>(ticket);
  }
}

// Fills its lane, says so, and waits for the end.
void fill_lane(bulkhead::queue<int> q, bulkhead::queue<int> filled) {
  for (int n = 0; n < 100; ++n) q.send(n);
  filled.send(100);
  std::error_code ec;
  while (!ec) static_cast<void>(filled.receive(ec));
}

bool waits_for_room(const bulkhead::queue<int>& q) {
  return q.core().state()->joined()->blocked.load();
}

}  // namespace

TEST_CASE("a receiver that is not alone waits for room in its own queue", "[queue][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 2}};
  bulkhead::queue<int> tickets{rt};
  auto p = rt.spawn(take_for_tickets, q, tickets);
  q.send(0);
  tickets.send(1);
  REQUIRE(q.join_for(soon));
  q.send(1);
  q.send(2);
  auto d = q.take();
  SECTION("while the other lives") {
    std::error_code ec;
    std::thread stage([&] { d.forward(q, std::vector{10, 20}, ec); });
    CHECK(eventually([&] { return waits_for_room(q); }));
    tickets.send(1);
    stage.join();
    CHECK_FALSE(ec);
    CHECK(q.receive() == 10);
  }
  SECTION("and is alone again when the other has died") {
    p.kill();
    p.join();
    std::error_code ec;
    d.forward(q, std::vector{10, 20}, ec);  // would wait for ever
    CHECK(ec == bulkhead::errc::full);
  }
}

TEST_CASE("who waits for room in its own lane is served from it first", "[queue][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 100}};
  bulkhead::queue<int> filled{rt};
  auto p = rt.spawn(fill_lane, q, filled);
  REQUIRE(eventually([&] { return q.size() == 100; }));
  q.take().ack();  // so that its lane is being served
  for (int n = 0; n < 100; ++n) q.send(1000 + n);
  SECTION("send") {
    std::thread sender([&] { q.send(2000); });
    CHECK(eventually([&] { return waits_for_room(q); }));
    CHECK(q.receive() == 1000);
    sender.join();
  }
  SECTION("forward") {
    bulkhead::queue<int> in{rt};
    in.send(0);
    std::thread stage([&] { in.take().forward(q, 2000); });
    CHECK(eventually([&] { return waits_for_room(q); }));
    CHECK(q.receive() == 1000);
    stage.join();
  }
  // Then it is the other lanes' turn again: the own one has no right to more.
  bool other = false;
  for (int n = 0; n < 64; ++n) other = q.receive() < 1000 || other;
  CHECK(other);
  p.kill();
}
