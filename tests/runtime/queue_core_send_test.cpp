#include <random>

#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

using namespace queue_core;
using core::outcome;

TEST_CASE("messages come out in the order in which they were sent, over many laps",
          "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  CHECK(q.receive(taker) == "nothing");
  int received = 0;
  for (int sent = 0; sent < 200;) {
    for (int n = 0; n <= sent % 4; ++n)
      REQUIRE(q.send(lane, std::to_string(sent++)) == outcome::done);
    while (received < sent) REQUIRE(q.receive(taker) == std::to_string(received++));
  }
  CHECK(q.receive(taker) == "nothing");
  CHECK(lane.sent() == static_cast<std::uint64_t>(received));
}

TEST_CASE("a lane holds `capacity` messages, waiting and leased together", "[runtime][unit]") {
  memory_queue q(small(3));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  for (const char* text : {"a", "b", "c"}) REQUIRE(q.send(lane, text) == outcome::done);
  CHECK(q.send(lane, "d") == outcome::full);
  CHECK_FALSE(lane.has_room(1));
  const auto a = q.take(taker);
  CHECK(q.send(lane, "d") == outcome::full);
  core::acknowledge(q.view(), *a);
  CHECK(lane.has_room(1));
  CHECK_FALSE(lane.has_room(2));
  CHECK(q.send(lane, "d") == outcome::done);
  CHECK(q.send(lane, "e") == outcome::full);
  CHECK(lane.sent() == 4);
  for (const char* text : {"b", "c", "d"}) CHECK(q.receive(taker) == text);
}

TEST_CASE("room for several messages is found behind a message that is still held",
          "[runtime][unit]") {
  memory_queue q(small(6));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  for (int n = 0; n < 6; ++n) REQUIRE(q.send(lane, std::to_string(n)) == outcome::done);
  std::vector<core::lease> leases;
  for (int n = 0; n < 6; ++n) leases.push_back(*q.take(taker));
  for (const std::size_t n : {0u, 1u, 3u, 4u, 5u}) core::acknowledge(q.view(), leases[n]);
  CHECK(
      lane.has_room(5));  // at the first look: nobody wakes the sender for what is settled already
  CHECK_FALSE(lane.has_room(6));
}

TEST_CASE("a lane whose slots are settled in any order loses no place of its bound",
          "[runtime][unit]") {
  auto shape = small(4);
  shape.payload_bytes = 4 * 1024;
  memory_queue q(shape);
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  std::mt19937_64 random(3);
  std::vector<core::lease> held;
  for (int n = 0; n < 3000; ++n) {
    if (random() % 2 == 0) {
      const bool room = core::count_messages(q.view(), 0).waiting + held.size() < 4;
      REQUIRE((q.send(lane, std::string(1000, 'x')) == outcome::done) == room);
    } else if (const auto l = q.take(taker)) {
      held.push_back(*l);
    }
    if (!held.empty() && random() % 3 == 0) {
      const auto which = static_cast<std::ptrdiff_t>(random() % held.size());
      core::acknowledge(q.view(), held[static_cast<std::size_t>(which)]);
      held.erase(held.begin() + which);
    }
  }
}

TEST_CASE("each seat's lane has its own bound and its own order", "[runtime][unit]") {
  memory_queue q(small(2, 3));
  auto a = q.sender(0);
  auto b = q.sender(1);
  for (const char* text : {"a1", "a2"}) REQUIRE(q.send(a, text) == outcome::done);
  for (const char* text : {"b1", "b2"}) REQUIRE(q.send(b, text) == outcome::done);
  CHECK(q.send(a, "a3") == outcome::full);
  auto taker = q.receiver(2);
  std::string all;
  for (int n = 0; n < 4; ++n) all += q.receive(taker);
  CHECK(all.find("a1") < all.find("a2"));
  CHECK(all.find("b1") < all.find("b2"));
  CHECK(all.size() == 8);
}

TEST_CASE("a busy lane does not starve the others", "[runtime][unit]") {
  memory_queue q(small(100));
  auto busy = q.sender(0);
  auto quiet = q.sender(1);
  REQUIRE(q.send(quiet, "quiet") == outcome::done);
  auto taker = q.receiver(1);
  for (int n = 0; n < 90; ++n) REQUIRE(q.send(busy, "busy") == outcome::done);
  int turns = 0;
  while (q.receive(taker) != "quiet" && turns < 90) ++turns;
  CHECK(turns <= 65);
}

TEST_CASE("a producer passes over a slot that stays leased, for several laps", "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  auto other = q.receiver(0);
  REQUIRE(q.send(lane, "slow") == outcome::done);
  const auto slow = q.take(taker);
  for (int n = 0; n < 100; ++n) {
    REQUIRE(q.send(lane, std::to_string(n)) == outcome::done);
    REQUIRE(q.receive(n % 2 == 0 ? taker : other) == std::to_string(n));
  }
  CHECK(q.text(*slow) == "slow");
  core::acknowledge(q.view(), *slow);
  for (int n = 0; n < 50; ++n) {
    REQUIRE(q.send(lane, std::to_string(n)) == outcome::done);
    REQUIRE(q.receive(other) == std::to_string(n));
  }
  CHECK(lane.sent() == 151);
  for (int n = 0; n < 4; ++n) REQUIRE(q.send(lane, "full again") == outcome::done);
  CHECK(q.send(lane, "too much") == outcome::full);
}

TEST_CASE("a queue says what it cannot take", "[runtime][unit]") {
  auto shape = small(4);
  shape.payload_bytes = 8192;
  memory_queue q(shape);
  auto lane = q.sender(0);
  CHECK(q.send(lane, std::string(8193, 'x')) == outcome::too_large);
  CHECK(q.send(lane, std::string(8192, 'x')) == outcome::done);
  SECTION("full, when no block is left") {
    CHECK(q.send(lane, std::string(17, 'x')) == outcome::full);
  }
  SECTION("done, when the message needs no block") {
    CHECK(q.send(lane, std::string(16, 'x')) == outcome::done);
  }
  SECTION("done again, when the block came back") {
    auto taker = q.receiver(1);
    CHECK(q.receive(taker).size() == 8192);
    CHECK(q.send(lane, std::string(8192, 'y')) == outcome::done);
    CHECK(q.receive(taker) == std::string(8192, 'y'));
  }
  SECTION("no_memory, when the system has none, and nothing is lost by it") {
    auto taker = q.receiver(1);
    q.receive(taker);
    q.payload().memory = 100;
    for (int n = 0; n < 100; ++n)
      REQUIRE(q.send(lane, std::string(4096, 'x')) == outcome::no_memory);
    q.payload().memory = 8192;
    CHECK(q.send(lane, std::string(8192, 'x')) == outcome::done);
  }
}

TEST_CASE("an empty message is a message", "[runtime][unit]") {
  memory_queue q(small(4));
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  REQUIRE(q.send(lane, "") == outcome::done);
  const auto l = q.take(taker);
  REQUIRE(l);
  CHECK(q.text(*l).empty());
}

TEST_CASE("a place that was reserved and never published costs nothing", "[runtime][unit]") {
  auto shape = small(4);
  shape.payload_bytes = 4096;
  memory_queue q(shape);
  auto lane = q.sender(0);
  auto taker = q.receiver(1);
  for (int n = 0; n < 20; ++n) {
    core::place p;
    REQUIRE(lane.reserve(4096, p) == outcome::done);
    CHECK(q.receive(taker) == "nothing");
  }
  CHECK(q.send(lane, "x") == outcome::done);
  CHECK(q.receive(taker) == "x");
  CHECK(lane.sent() == 1);
}

TEST_CASE("16 MiB of messages of mixed sizes keep their bytes while others take and settle them",
          "[runtime][unit]") {
  auto shape = small(64);
  shape.payload_bytes = 16u << 20;
  memory_queue q(shape);
  auto lane = q.sender(0);
  core::consumer takers[] = {q.receiver(0), q.receiver(1)};
  std::mt19937_64 random(11);
  std::vector<std::pair<core::lease, std::string>> held;
  std::vector<std::string> waiting;
  for (int n = 0; n < 1500; ++n) {
    const std::size_t size = random() % 4 == 0 ? random() % 600'000 : random() % 200;
    std::string text(size, static_cast<char>('a' + n % 26));
    if (size != 0) text.front() = text.back() = static_cast<char>('A' + n % 26);
    const auto sent = q.send(lane, text);
    if (sent == outcome::done) waiting.push_back(text);
    if (sent == outcome::full || random() % 3 == 0) {
      if (const auto l = q.take(takers[n % 2])) {
        REQUIRE(q.text(*l) == waiting.front());
        held.emplace_back(*l, waiting.front());
        waiting.erase(waiting.begin());
      }
    }
    while (held.size() > 20 || (sent == outcome::full && !held.empty())) {
      const std::size_t which = random() % held.size();
      REQUIRE(q.text(held[which].first) == held[which].second);
      core::acknowledge(q.view(), held[which].first);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (n % 100 == 99) lane = q.sender(0);  // the next incarnation finds the blocks that are in use
  }
  CHECK(lane.sent() > 500);
}

TEST_CASE("the oldest message is dropped, wherever a slow lease has sent the sweep",
          "[runtime][unit]") {
  memory_queue q(small(3));
  auto sender = q.sender(0);
  auto slow = q.receiver(1);
  for (const char* text : {"a", "b", "c"}) REQUIRE(q.send(sender, text) == outcome::done);
  const auto a = q.take(slow);
  REQUIRE(a);
  CHECK(q.receive(slow) == "b");
  REQUIRE(q.send(sender, "d") == outcome::done);  // the sweep for it goes on past the lease
  core::release(q.view(), *a);
  REQUIRE(q.send(sender, "e") == outcome::full);
  REQUIRE(sender.drop_oldest());
  CHECK(q.receive(slow) == "c");
}
