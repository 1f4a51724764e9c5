#include <algorithm>
#include <bulkhead/bulkhead.hpp>
#include <string>
#include <thread>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead::errc;
using bulkhead::pipe_end;
using bulkhead_test::eventually;
using bulkhead_test::soon;
using namespace std::chrono_literals;

namespace {

struct request {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 7> rest{};
};

}  // namespace

TEST_CASE("batches arrive whole and in order", "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt, {.capacity = 50});
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(
      [](pipe_end<int, int> end) {
        std::error_code ec;
        for (;;) {
          const auto values = end.receive_batch(16, ec);
          if (ec) return;
          if (end.send_batch(values, ec) != values.size()) std::abort();
        }
      },
      std::move(b));
  std::vector<int> all(2000);
  for (int n = 0; n < 2000; ++n) all[static_cast<std::size_t>(n)] = n;
  std::thread sender([&] { CHECK(a.send_batch(all) == 2000); });
  std::vector<int> got;
  while (got.size() < all.size()) {
    const auto some = a.receive_batch(7);
    REQUIRE(!some.empty());
    REQUIRE(some.size() <= 7);
    got.insert(got.end(), some.begin(), some.end());
  }
  sender.join();
  CHECK(got == all);
}

TEST_CASE("a batch of strings comes as one", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<std::string, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  CHECK(a.send_batch(std::vector<std::string>{"a", "bb", "ccc"}) == 3);
  CHECK(b.receive_batch(2) == std::vector<std::string>{"a", "bb"});
  CHECK(b.receive_batch(2) == std::vector<std::string>{"ccc"});
}

TEST_CASE("a message is filled and read in place", "[pipe]") {
  bulkhead::runtime rt;
  SECTION("of one size") {
    auto pipe = bulkhead::make_pipe<request, int>(rt, {.capacity = 2});
    auto& a = pipe.first;
    auto& b = pipe.second;
    for (std::uint64_t n = 0; n < 9; ++n) {
      auto loan = a.loan();
      loan->number = n;
      std::error_code ec;
      a.send(request{}, ec);
      CHECK(ec == errc::full);  // who holds the loan cannot wait for itself
      a.send(std::move(loan));
      { auto dropped = a.loan(); }
      const auto lent = b.receive_in_place();
      CHECK(lent->number == n);
      static_cast<void>(b.receive(ec));
      CHECK(ec == errc::full);
    }
    CHECK_FALSE(b.try_receive().has_value());
  }
  SECTION("of any size") {
    auto pipe = bulkhead::make_pipe<std::vector<double>, int>(rt);
    auto& a = pipe.first;
    auto& b = pipe.second;
    for (const std::size_t n : {0u, 1u, 1000u}) {
      auto loan = a.loan(n);
      REQUIRE(loan.size() == n);
      for (std::size_t k = 0; k < n; ++k) loan.data()[k] = static_cast<double>(k);
      a.send(std::move(loan));
      auto lent = b.receive_in_place();
      REQUIRE(lent.size() == n);
      CHECK(reinterpret_cast<std::uintptr_t>(lent.data()) % alignof(double) == 0);
      if (n != 0) CHECK(lent.span().back() == static_cast<double>(n - 1));
    }
    a.send({1.5, 2.5});
    auto lent = b.receive_in_place();
    CHECK(lent.size() == 2);
    lent.finish();
    CHECK_FALSE(b.poll());
  }
  SECTION("of a size that goes in pieces") {
    auto pipe = bulkhead::make_pipe<std::vector<double>, int>(rt);
    const std::vector<double> sent(40'000, 1.5);
    pipe.first.send(sent);
    const auto lent = pipe.second.receive_in_place();
    REQUIRE(lent.size() == sent.size());
    CHECK(reinterpret_cast<std::uintptr_t>(lent.data()) % alignof(double) == 0);
    CHECK(std::equal(sent.begin(), sent.end(), lent.data()));
  }
  SECTION("by the end that lent it") {
    auto pipe = bulkhead::make_pipe<request, request>(rt, {.capacity = 2});
    auto loan = pipe.first.loan();
    loan->number = 3;
    std::error_code ec;
    pipe.second.send(std::move(loan), ec);
    CHECK(ec == errc::unsupported);
    CHECK_FALSE(pipe.first.try_receive());
    pipe.first.send(std::move(loan));
    CHECK(pipe.second.receive().number == 3);
  }
}

TEST_CASE("a loan, or a message in place, that is not to be had now is not waited for", "[pipe]") {
  bulkhead::runtime rt;
  SECTION("of one size") {
    auto pipe = bulkhead::make_pipe<int, int>(rt, {.capacity = 1});
    const auto& a = pipe.first;
    const auto& b = pipe.second;
    CHECK_FALSE(b.try_receive_in_place());
    CHECK_FALSE(b.receive_in_place_for(1ms));
    auto room = a.try_loan();
    REQUIRE(room);
    *room = 3;
    CHECK_FALSE(a.try_loan());
    a.send(std::move(room));
    CHECK_FALSE(room);
    CHECK_FALSE(a.try_loan());
    CHECK_FALSE(a.loan_for(1, 1ms));
    {
      const auto lent = b.try_receive_in_place();
      REQUIRE(lent);
      CHECK(*lent == 3);
      CHECK_FALSE(b.try_receive_in_place());
    }
    auto again = a.loan_for(1, soon);
    REQUIRE(again);
    *again = 4;
    a.send(std::move(again));
    CHECK(*b.receive_in_place_for(soon) == 4);
  }
  SECTION("of any size") {
    auto pipe = bulkhead::make_pipe<std::vector<int>, int>(rt, {.ring_bytes = 4096});
    const auto& a = pipe.first;
    const auto& b = pipe.second;
    auto room = a.try_loan(200);
    REQUIRE(room.size() == 200);
    room.span().back() = 5;
    a.send(std::move(room));
    while (auto more = a.try_loan(200)) a.send(std::move(more));
    CHECK_FALSE(a.loan_for(200, 1ms));
    CHECK(b.try_receive_in_place().span().back() == 5);
    CHECK(a.loan_for(200, soon));
    std::error_code ec;
    CHECK_FALSE(a.loan(5000, ec));
    CHECK(ec == errc::too_large);
    CHECK_FALSE(a.loan(~std::size_t{0}, ec));
    CHECK(ec == errc::too_large);
    CHECK_THROWS_AS(a.try_loan(5000), bulkhead::error);
  }
}

TEST_CASE("threads share an end, and none misses its wake-up", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt, {.capacity = 4});
  auto& a = pipe.first;
  auto& b = pipe.second;
  constexpr int each = 2000;
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, end = &b] {
      std::error_code ec;
      for (int n = end->receive(ec); !ec; n = end->receive(ec)) sum += n;
    });
    threads.emplace_back([&, end = &a] {
      for (int n = 0; n < each; ++n) end->send(1);
    });
  }
  CHECK(eventually([&] { return sum == 3 * each; }));
  a.close();
  for (auto& t : threads) t.join();
}

TEST_CASE("loans of one thread hold up the others only while they last", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt, {.capacity = 4});
  auto& a = pipe.first;
  auto& b = pipe.second;
  constexpr int each = 500;
  std::thread lender([&, end = &a] {
    for (int n = 0; n < each; ++n) {
      auto loan = end->loan();
      *loan = 1;
      end->send(std::move(loan));
    }
  });
  std::thread sender([&, end = &a] {
    for (int n = 0; n < each; ++n) end->send(1);
  });
  int sum = 0;
  for (int n = 0; n < 2 * each; ++n) sum += *b.receive_in_place();
  lender.join();
  sender.join();
  CHECK(sum == 2 * each);
}
