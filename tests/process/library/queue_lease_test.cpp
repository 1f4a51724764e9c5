#include <signal.h>

#include <bulkhead/bulkhead.hpp>
#include <support/catch.hpp>

#include "process/library/takers.hpp"
#include "process/library/waits.hpp"

using bulkhead::errc;
using bulkhead_test::eventually;
using bulkhead_test::soon;
using namespace std::chrono_literals;

namespace {

// Long enough that a message which is settled at once is settled in time also on a busy machine.
constexpr auto never_in_a_test = 1h;

bool is_lost(const std::error_code& ec) { return ec == errc::lease_lost; }

// Runs `scene(lease)` with longer and longer leases until it returns true: false says that this
// machine let the lease pass before it was extended.
template <class Scene>
void with_a_lease(Scene scene) {
  for (std::chrono::milliseconds lease = 20ms; lease < 6s; lease *= 4) {
    if (scene(lease)) return;
  }
  FAIL("each lease was over before it was extended");
}

}  // namespace

TEST_CASE("a lease that is over gives the message to another, marked", "[queue]") {
  bulkhead::runtime rt;
  // Also one that lies in the payload area.
  const std::string text(GENERATE(3, 5000), 'x');
  with_a_lease([&](std::chrono::milliseconds lease) {
    const bulkhead::queue<std::string> q{rt, {.lease = lease}};
    q.send(text);
    auto late = q.take();
    auto again = q.take_for(soon);
    REQUIRE(again);
    CHECK(*again == text);
    CHECK(again.attempt() == 2);
    CHECK(again.id() == late.id());
    std::error_code ec;
    late.ack(ec);
    CHECK(is_lost(ec));
    CHECK_FALSE(late);
    again.extend(never_in_a_test, ec);
    if (is_lost(ec)) return false;
    again.ack();
    CHECK(q.empty());
    CHECK(q.join_for(soon));
    return true;
  });
}

TEST_CASE("nothing that is done under a lease that is over has an effect", "[queue]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> q{rt, {.lease = 1ms}};
  const bulkhead::queue<int> out{rt};
  q.send(1);
  auto late = q.take();
  REQUIRE(eventually([&] { return q.size() == 1; }));
  std::error_code ec;
  SECTION("forward") {
    late.forward(out, 2, ec);
    CHECK(is_lost(ec));
    CHECK(out.empty());
  }
  SECTION("reject") {
    CHECK_THROWS_AS(late.reject("bad"), bulkhead::error);
    CHECK(q.dead_letters().empty());
  }
  SECTION("release") {
    late.release();
    CHECK_FALSE(late);
  }
  SECTION("extend") {
    late.extend(never_in_a_test, ec);
    CHECK(is_lost(ec));
  }
  CHECK(q.size() == 1);
  CHECK(out.sent() == 0);
}

TEST_CASE("an extended lease lasts", "[queue]") {
  bulkhead::runtime rt;
  with_a_lease([&](std::chrono::milliseconds lease) {
    const bulkhead::queue<int> q{rt, {.lease = lease}};
    const bulkhead::queue<int> witness{rt, {.lease = lease}};
    q.send(1);
    auto held = q.take();
    std::error_code ec;
    held.extend(never_in_a_test, ec);
    if (is_lost(ec)) return false;
    // The other queue's lease, taken later, ends; so this one's would have.
    witness.send(2);
    const auto ends = witness.take();
    REQUIRE(eventually([&] { return witness.size() == 1; }));
    CHECK(q.empty());
    held.ack();
    CHECK(q.join_for(soon));
    return true;
  });
}

TEST_CASE("a lease is extended, and a message released, for any time", "[queue]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> q{rt, {.lease = never_in_a_test}};
  q.send(1);
  auto held = q.take();
  held.extend(std::chrono::hours::min());
  held.extend(std::chrono::hours::max());
  std::error_code ec;
  held.extend(std::chrono::duration<double>(1e300), ec);
  CHECK_FALSE(ec);
  SECTION("for ever") {
    held.release(std::chrono::hours::max());
    CHECK_FALSE(q.take_for(100ms));
    CHECK_FALSE(q.join_for(1ms));
  }
  SECTION("not at all") {
    held.release(std::chrono::hours::min(), ec);
    CHECK_FALSE(ec);
    CHECK(q.try_take().attempt() == 2);
  }
}

TEST_CASE("a stopped taker's lease comes back, though it lives", "[queue]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> q{rt, {.lease = 20ms}};
  const bulkhead::queue<int> taken{rt};
  q.send(1);
  auto taker = rt.spawn(bulkhead_test::take_and_hold, q, taken);
  REQUIRE(taken.receive_for(soon) == 1);
  taker.signal(SIGSTOP);
  const auto again = q.take_for(soon);
  REQUIRE(again);
  CHECK(again.attempt() >= 2);
  taker.kill();
  CHECK(taker.join().signal == SIGKILL);
}

TEST_CASE("a lease that ends too often makes a dead letter", "[queue]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> q{rt, {.max_deliveries = 2, .lease = 1ms}};
  const auto letters = q.dead_letters();
  q.send(7);
  const auto first = q.take_for(soon);
  const auto second = q.take_for(soon);
  REQUIRE(second);
  const auto letter = letters.receive_for(soon);
  REQUIRE(letter);
  CHECK(letter->value == 7);
  CHECK(letter->attempts == 0);  // nobody crashed
  CHECK(q.empty());
}

TEST_CASE("a message released with a delay comes later, behind younger ones", "[queue]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> q{rt};
  q.send(1);
  q.send(2);
  const auto before = std::chrono::steady_clock::now();
  q.take().release(50ms);
  CHECK(q.receive() == 2);
  CHECK_FALSE(q.try_take());
  const auto again = q.take_for(soon);
  REQUIRE(again);
  CHECK(*again == 1);
  CHECK(again.attempt() == 2);
  // The clock that it is measured by ticks in steps of up to 10 ms.
  CHECK(std::chrono::steady_clock::now() - before >= 40ms);
}

TEST_CASE("a delayed message is not settled, and a closed queue waits for it", "[queue]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> q{rt};
  q.send(1);
  q.take().release(50ms);
  CHECK_FALSE(q.join_for(1ms));
  q.close();
  CHECK(q.receive() == 1);
  std::error_code ec;
  q.receive(ec);
  CHECK(ec == errc::closed);
}

namespace {

void delay_and_die(bulkhead::queue<int> from) {
  from.take().release(50ms);
  ::raise(SIGKILL);
}

}  // namespace

TEST_CASE("a delayed message comes though who released it is dead", "[queue]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> q{rt};
  q.send(1);
  CHECK(rt.spawn(delay_and_die, q).join().signal == SIGKILL);
  const auto again = q.take_for(soon);
  REQUIRE(again);
  CHECK(again.attempt() == 2);
}
