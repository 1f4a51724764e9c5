#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <future>
#include <random>
#include <thread>
#include <vector>

#include "process/library/takers.hpp"
#include "process/library/waits.hpp"
#include "queue_state.hpp"
#include "support/catch.hpp"
#include "support/credit_census.hpp"

using namespace std::chrono_literals;
using bulkhead::overflow;
using bulkhead::to;
using bulkhead_test::eventually;
using bulkhead_test::soon;

namespace {

void send_these(bulkhead::queue<int> q, int first, int count) {
  for (int n = 0; n < count; ++n) q.send(first + n);
}

// Of all things that a stage can do with the place that it frees.
void work(bulkhead::queue<int> q, bulkhead::queue<int> out) {
  for (int n = 0;; ++n) {
    auto d = q.take();
    if (n % 4 == 0) {
      d.ack();
    } else if (n % 4 == 1) {
      d.try_forward(q, *d);
    } else if (n % 4 == 2) {
      bulkhead::try_forward(std::span(&d, 1), to(q, std::vector{*d, *d}), to(out, *d));
    } else {
      d.forward(out, *d);
    }
  }
}

void empty_out(bulkhead::queue<int> out) {
  while (true) out.receive();
}

std::size_t fill(const bulkhead::queue<int>& q) {
  std::size_t count = 0;
  while (q.try_send(0)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a total bounds all senders of a queue together", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.total = 5}};
  auto child = rt.spawn(send_these, q, 0, 3);
  CHECK(child.join().success());
  CHECK(fill(q) == 2);
  const auto held = q.take();
  CHECK_FALSE(q.try_send(9));  // leased messages count
  CHECK_FALSE(q.send_for(9, 1ms));
  CHECK(q.size() == 4);
  CHECK(q.capacity() == 1024);
}

TEST_CASE("a sender that waits goes on when another's message is settled", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.total = 2}};
  q.send_batch(std::vector{1, 2});
  SECTION("in a child") {
    auto child = rt.spawn(send_these, q, 3, 4);
    for (int n = 1; n <= 6; ++n) CHECK(q.receive_for(soon) == n);
    CHECK(child.join().success());
  }
  SECTION("two of them, for one place after the other") {
    auto one = rt.spawn(send_these, q, 3, 50);
    auto other = rt.spawn(send_these, q, 3, 50);
    for (int n = 0; n < 102; ++n) REQUIRE(q.receive_for(soon));
    CHECK(one.join().success());
    CHECK(other.join().success());
  }
  SECTION("asynchronously") {
    auto child = rt.spawn(send_these, q, 3, 1);
    auto sent = q.async_send(4, boost::asio::use_future);
    for (int n = 0; n < 4; ++n) REQUIRE(q.receive_for(soon));
    REQUIRE(sent.wait_for(soon) == std::future_status::ready);
    sent.get();
    CHECK(child.join().success());
  }
  SECTION("because its taker crashed and it used up its attempts") {
    bulkhead::queue<int> once{rt, {.total = 1, .max_attempts = 1}};
    once.send(1);
    auto child = rt.spawn(
        +[](bulkhead::queue<int> from) {
          auto d = from.take();
          std::abort();
        },
        once);
    CHECK(once.send_for(2, soon));
    static_cast<void>(child.join());
  }
}

TEST_CASE("a queue that is full by its total does what its policy says", "[queue]") {
  bulkhead::runtime rt;
  const auto make = [&](overflow policy) {
    bulkhead::queue<int> q{rt, {.total = 3, .overflow = policy}};
    for (const int n : {1, 2, 3}) q.send(n);
    return q;
  };
  SECTION("refuse") {
    const auto q = make(overflow::refuse);
    std::error_code ec;
    q.send(4, ec);
    CHECK(ec == bulkhead::errc::full);
    CHECK(q.counters().refused == 1);
  }
  SECTION("drop_newest") {
    const auto q = make(overflow::drop_newest);
    q.send(4);
    CHECK(q.counters().dropped_newest == 1);
    CHECK(q.receive() == 1);
  }
  SECTION("drop_oldest") {
    const auto q = make(overflow::drop_oldest);
    q.send(4);
    CHECK(q.counters().dropped_oldest == 1);
    for (const int n : {2, 3, 4}) CHECK(q.receive() == n);
  }
  SECTION("drop_oldest of a sender that has none there") {
    const auto q = make(overflow::drop_oldest);
    auto child = rt.spawn(send_these, q, 9, 1);
    CHECK(child.join().success());
    CHECK(q.counters().dropped_newest == 1);
    CHECK(q.counters().dropped_oldest == 0);
    for (const int n : {1, 2, 3}) CHECK(q.receive() == n);
  }
}

TEST_CASE("a forward into its own full queue has the place that its input frees", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.total = 3}};
  auto child = rt.spawn(send_these, q, 1, 3);  // another's lane
  CHECK(child.join().success());
  for (int n = 0; n < 20; ++n) {
    auto d = q.take();
    d.forward(q, *d + 10);
    CHECK(q.size() == 3);
    CHECK_FALSE(q.try_send(0));
  }
  auto two = q.take_batch(2);
  bulkhead::forward(two, to(q, std::vector{1, 2}));
  CHECK(q.size() == 3);
  auto d = q.take();
  CHECK_THROWS_AS(d.forward(q, std::vector{1, 2, 3, 4}), bulkhead::error);  // never
  std::error_code ec;
  d.forward(q, std::vector{1, 2}, ec);  // nobody else takes here
  CHECK(ec == bulkhead::errc::full);
  REQUIRE(d);
  d.forward(q, std::vector<int>{});
  CHECK(q.size() == 2);
  CHECK(fill(q) == 1);
}

TEST_CASE("a forward into a queue with a total waits for a place there", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<int> out{rt, {.total = 2}};
  auto child = rt.spawn(send_these, out, 1, 2);
  CHECK(child.join().success());
  in.send(7);
  std::thread stage([&] { in.take().forward(out, std::vector{8, 9}); });
  CHECK(out.receive_for(soon) == 1);
  CHECK(out.receive_for(soon) == 2);
  CHECK(out.receive_for(soon) == 8);
  CHECK(out.receive_for(soon) == 9);
  stage.join();
}

TEST_CASE("dead letters are sent again as far as the total has room", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.total = 2}};
  const auto letters = q.dead_letters();
  for (const int n : {1, 2, 3}) {
    q.send(n);
    q.take().reject();
    REQUIRE(eventually([&] { return letters.size() == static_cast<std::size_t>(n); }));
  }
  CHECK(q.redrive(10) == 2);
  CHECK(q.receive() == 1);
  CHECK(q.redrive(10) == 1);
}

TEST_CASE("a total that no queue can have is refused in words", "[queue]") {
  bulkhead::runtime rt;
  CHECK_THROWS_WITH((bulkhead::queue<int>{rt, {.name = "jobs", .total = 1'048'577}}),
                    Catch::Matchers::Contains("'jobs': total is above 1048576"));
}

// Senders and stages die at whatever they are doing; afterwards exactly `total` messages fit.
TEST_CASE("kills leave a total as it was", "[queue]") {
  bulkhead::runtime rt;
  const int total = GENERATE(2, 3, 16);
  bulkhead::queue<int> q{rt,
                         {.capacity = 8,
                          .total = static_cast<std::uint32_t>(total),
                          .max_attempts = 0,
                          .max_deliveries = 0}};
  bulkhead::queue<int> out{rt, {.capacity = 4, .total = 4}};
  std::mt19937 random(static_cast<unsigned>(total));
  for (int round = 0; round < 30; ++round) {
    std::vector<bulkhead::process> parts;
    for (int n = 0; n < 2; ++n) parts.push_back(rt.spawn(send_these, q, 1, 1'000'000'000));
    for (int n = 0; n < 2; ++n) parts.push_back(rt.spawn(work, q, out));
    parts.push_back(rt.spawn(empty_out, out));
    // They are at work, and somewhere in it.
    const auto passed = [&] { return q.core().state()->view().lane(1).sequence_hint.load(); };
    const auto before = passed();
    REQUIRE(eventually([&] { return passed() != before || q.size() != 0; }));
    for (unsigned n = random() % 200'000; n > 0; --n)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    for (auto& part : parts) part.kill();
    for (auto& part : parts) static_cast<void>(part.join());
    for (const bulkhead::queue<int>* each : {&q, &out}) {
      const auto& view = each->core().state()->view();
      const auto held = [&] { return support::count_credits(view, {&q.core().state()->view()}); };
      REQUIRE(eventually([&] { return held().claims == 0 && each->in_flight().empty(); }));
      CHECK(held().trouble(view.shape().total).empty());
      CHECK(held().messages + held().free == view.shape().total);
      while (each->try_receive()) {
      }
      const std::size_t room = std::min(view.shape().total, view.shape().capacity);
      CHECK(fill(*each) == room);
      while (each->try_receive()) {
      }
    }
  }
}
