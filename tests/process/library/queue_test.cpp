#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "process/library/takers.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead_test::eventually;
using bulkhead_test::soon;
using bulkhead_test::take_and_hold;

namespace {

void take_and_crash(bulkhead::queue<int> from) {
  if (auto d = from.take()) raise(SIGSEGV);
}

}  // namespace

TEST_CASE("messages of one sender come in order", "[queue][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 16}};
  auto p = rt.spawn(
      [](bulkhead::queue<int> to) {
        for (int n = 0; n < 1000; ++n) to.send(n);
        to.close();
      },
      q);
  int next = 0;
  bool in_order = true;
  q.consume([&](int n) { in_order = in_order && n == next++; });
  CHECK(in_order);
  CHECK(next == 1000);
}

TEST_CASE("a message of any size arrives whole", "[queue][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> q{rt};
  bulkhead::queue<std::string> back{rt};
  auto p = rt.spawn(
      [](bulkhead::queue<std::string> in, bulkhead::queue<std::string> out) {
        in.transform(out, [](const std::string& s) { return s; });
      },
      q, back);
  for (const std::size_t size : {0u, 1u, 43u, 44u, 45u, 49u, 4096u, 1u << 20, 9u << 20}) {
    std::string text(size, 'a');
    for (std::size_t n = 0; n < size; ++n) text[n] = static_cast<char>('a' + n % 23);
    q.send(text);
    const auto got = back.receive_for(soon);
    REQUIRE(got.has_value());
    CHECK((*got == text));
  }
  std::error_code ec;
  q.send(std::string((16u << 20) + 1, 'x'), ec);
  CHECK(ec == bulkhead::errc::too_large);
}

TEST_CASE("what a killed process had taken comes again, marked and first",
          "[queue][process][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  bulkhead::queue<int> taken{rt};
  q.send(7);
  q.send(8);
  auto p = rt.spawn(take_and_hold, q, taken);
  REQUIRE(taken.receive_for(soon) == 7);
  CHECK(q.try_receive() == 8);
  q.send(9);
  p.kill();
  REQUIRE(p.join_for(soon).has_value());
  auto again = q.take();
  CHECK(*again == 7);
  CHECK(again.attempt() == 2);
}

TEST_CASE("a message whose takers crash goes to the dead letters with their reasons",
          "[queue][process][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.max_attempts = 3}};
  auto letters = q.dead_letters();
  q.send(13);
  for (int n = 0; n < 3; ++n) {
    CHECK_FALSE(letters.try_receive().has_value());
    auto p = rt.spawn(take_and_crash, q);
    REQUIRE(p.join_for(soon).has_value());
  }
  const auto letter = letters.receive_for(soon);
  REQUIRE(letter.has_value());
  CHECK(letter->value == 13);
  CHECK(letter->attempts == 3);
  REQUIRE(letter->reasons.size() == 3);
  for (const auto& reason : letter->reasons) CHECK(reason.signal == SIGSEGV);
  CHECK_FALSE(letter->note.empty());
  CHECK(q.empty());
}

TEST_CASE("a message that is released too often goes to the dead letters", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.max_deliveries = 3}};
  q.send(13);
  for (int n = 0; n < 3; ++n) q.take().release();
  const auto letter = q.dead_letters().receive_for(soon);
  REQUIRE(letter.has_value());
  CHECK(letter->value == 13);
  CHECK(letter->attempts == 0);
  CHECK_FALSE(q.try_take());
}

TEST_CASE("a kill from outside is not the message's fault", "[queue][process][crash]") {
  const int signal = GENERATE(SIGKILL, SIGABRT);
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.max_attempts = 2, .max_deliveries = 0}};
  bulkhead::queue<int> taken{rt};
  q.send(5);
  for (int n = 0; n < 6; ++n) {
    auto p = rt.spawn(take_and_hold, q, taken);
    REQUIRE(taken.receive_for(soon) == 5);
    p.signal(signal);
    REQUIRE(p.join_for(soon).has_value());
  }
  auto d = q.take_for(soon);
  REQUIRE(d);
  CHECK(d.attempt() == 7);
}

TEST_CASE("a full queue refuses, times out, or waits for room", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 2}};
  CHECK(q.try_send(1));
  CHECK(q.try_send(2));
  CHECK_FALSE(q.try_send(3));
  CHECK_FALSE(q.send_for(3, 1ms));
  std::thread later([&] { q.send(3); });
  CHECK(q.receive() == 1);
  later.join();
  CHECK(q.receive() == 2);
  CHECK(q.receive() == 3);
  CHECK_FALSE(q.receive_for(1ms).has_value());
}

TEST_CASE("after close senders fail at once and receivers get what is left", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.name = "orders"}};
  q.send(1);
  q.send(2);
  q.close();
  std::error_code ec;
  q.send(3, ec);
  CHECK(ec == bulkhead::errc::closed);
  CHECK_THROWS_WITH(q.send(3), Catch::Contains("orders") && Catch::Contains("closed"));
  auto d = q.take();
  CHECK(*d == 1);
  CHECK(q.receive() == 2);
  // Our own lease lets us see the end, so that we can settle it.
  static_cast<void>(q.receive(ec));
  CHECK(ec == bulkhead::errc::closed);
  d.release();
  CHECK(q.receive() == 1);
  static_cast<void>(q.try_receive(ec));
  CHECK(ec == bulkhead::errc::closed);
}

TEST_CASE("a receiver of a closed queue waits for what another holds", "[queue][process][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  bulkhead::queue<int> taken{rt};
  q.send(7);
  auto p = rt.spawn(take_and_hold, q, taken);
  REQUIRE(taken.receive_for(soon) == 7);
  q.close();
  CHECK_FALSE(q.try_receive().has_value());
  p.kill();
  CHECK(q.receive_for(soon) == 7);
}

TEST_CASE("a delivery that is dropped is released", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  q.send(1);
  { auto d = q.take(); }
  auto d = q.take();
  CHECK(d.attempt() == 2);
  const auto id = d.id();
  d.release();
  d = q.take();
  CHECK(d.id() == id);
  d.ack();
  CHECK_THROWS(d.ack());
  CHECK(q.empty());
}

TEST_CASE("forward sends one, several or no results", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<int> out{rt, {.capacity = 4}};
  for (int n = 1; n <= 4; ++n) in.send(n);
  in.take().forward(out, 10);
  in.take().forward(out, std::vector{20, 21, 22});
  in.take().forward(out, std::optional<int>{});
  auto d = in.take();
  CHECK_FALSE(d.try_forward(out, 40));
  std::error_code ec;
  d.forward(out, std::vector<int>(5, 1), ec);
  CHECK(ec == bulkhead::errc::too_large);
  CHECK(out.receive() == 10);
  CHECK(d.try_forward(out, 40));
  CHECK_FALSE(d);
  for (const int n : {20, 21, 22, 40}) CHECK(out.receive() == n);
  CHECK(in.empty());
}

TEST_CASE("a forward to a closed output keeps the lease", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<int> out{rt};
  in.send(1);
  out.close();
  auto d = in.take();
  std::error_code ec;
  d.forward(out, 2, ec);
  CHECK(ec == bulkhead::errc::closed);
  REQUIRE(d);
  d.release();
  CHECK(in.receive() == 1);
}

TEST_CASE("a handler that throws gives its message back", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  q.send(1);
  CHECK_THROWS_AS(q.consume([](int) { throw std::logic_error("no"); }), std::logic_error);
  CHECK(q.take().attempt() == 2);
}

TEST_CASE("threads of one process share a queue and none misses its wake-up", "[queue]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 4}};
  constexpr int each = 500;
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::error_code ec;
      for (int n = q.receive(ec); !ec; n = q.receive(ec)) sum += n;
    });
  }
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int n = 0; n < each; ++n) q.send(1);
    });
  }
  CHECK(eventually([&] { return sum == 3 * each; }));
  q.close();
  for (auto& t : threads) t.join();
}

TEST_CASE("bad options are refused by name", "[queue]") {
  bulkhead::runtime rt;
  CHECK_THROWS_WITH((bulkhead::queue<int>{rt, {.name = "q", .capacity = 0}}),
                    Catch::Contains("capacity"));
  CHECK_THROWS_WITH((bulkhead::queue<int>{rt, {.participants = 5000}}),
                    Catch::Contains("participants"));
  CHECK_THROWS_WITH((bulkhead::queue<int>{rt, {.max_deliveries = 63}}),
                    Catch::Contains("max_deliveries"));
}
