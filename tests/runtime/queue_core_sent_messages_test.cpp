#include "core/sent_messages.hpp"
#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::look;
using core::outcome;

namespace {

// A lane with eight messages, all of them leased, and what its producer knows of them.
struct full_lane {
  full_lane() : q(small(8)), lane(q.sender(0)), taker(q.receiver(1)), sent(q.view(), 0) {
    for (std::uint32_t n = 0; n < 8; ++n) send(n);
    for (int n = 0; n < 8; ++n) leases.push_back(*q.take(taker));
  }
  void send(std::uint32_t index) {
    REQUIRE(q.send(lane, "m") == outcome::done);
    sent.add(index);
  }
  void acknowledge(std::size_t n) { core::acknowledge(q.view(), leases[n]); }
  // @returns how many were found settled.
  int sweep(std::uint32_t enough, look how) {
    int settled = 0;
    sent.sweep(enough, how, [&](std::uint32_t) { ++settled; });
    return settled;
  }

  memory_queue q;
  core::producer lane;
  core::consumer taker;
  core::sent_messages sent;
  std::vector<core::lease> leases;
};

}  // namespace

TEST_CASE("a quick look finds what is settled in order, a thorough one what is settled at all",
          "[runtime][unit]") {
  full_lane f;
  for (std::size_t n = 1; n < 8; ++n) f.acknowledge(n);
  CHECK(f.sweep(7, look::quick) == 0);
  CHECK(f.sent.count() == 8);
  CHECK(f.sent.in_order());
  CHECK(f.sweep(7, look::thorough) == 7);
  CHECK(f.sent.count() == 1);
  CHECK_FALSE(f.sent.in_order());
}

TEST_CASE("a quick look leaves a sender's oldest message alone until a piece is settled",
          "[runtime][unit]") {
  full_lane f;
  f.acknowledge(0);
  CHECK(f.sweep(0, look::quick) == 0);
  f.acknowledge(1);
  CHECK(f.sweep(0, look::quick) == 2);
  CHECK(f.sent.count() == 6);
}

TEST_CASE("a lane comes back to order when the slow lease is settled", "[runtime][unit]") {
  full_lane f;
  for (std::size_t n = 1; n < 8; ++n) f.acknowledge(n);
  REQUIRE(f.sweep(7, look::thorough) == 7);
  for (std::uint32_t n = 8; n < 11; ++n) f.send(n);
  CHECK(f.sweep(5, look::thorough) == 0);
  CHECK_FALSE(f.sent.in_order());  // the slow one lies too far back
  f.acknowledge(0);
  CHECK(f.sweep(3, look::thorough) == 1);
  CHECK(f.sent.in_order());
  CHECK(f.sent.count() == 3);
  core::position at = 0;
  REQUIRE(f.sent.find_oldest(at));
  CHECK(core::index_of(at) == 8);
}

TEST_CASE("a place that was stepped over counts until the messages before it are settled",
          "[runtime][unit]") {
  full_lane f;
  core::sent_messages sent(f.q.view(), 0);
  sent.add(0, 3);
  f.acknowledge(3);  // another's, which stood in the way when the next one was sent
  sent.add(4);
  CHECK(sent.count() == 5);
  for (std::size_t n = 0; n < 3; ++n) f.acknowledge(n);
  sent.sweep(0, look::thorough, [](std::uint32_t) {});
  CHECK(sent.count() == 1);  // the newest, which is held
}
