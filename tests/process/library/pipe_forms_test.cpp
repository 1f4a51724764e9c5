#include <bulkhead/bulkhead.hpp>
#include <string>
#include <thread>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// The forms of a pipe end's calls that wait for a time, not at all, or tell by an error_code.
using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead_test::soon;

namespace {

// Each call with an error_code sets it.
std::error_code anything() { return errc::corrupt; }

// Messages of one size go another way than those of any.
template <class T>
T message(int n) {
  if constexpr (std::is_same_v<T, int>) {
    return n;
  } else {
    return std::to_string(n);
  }
}

template <class T>
std::vector<T> messages(int first, int last) {
  std::vector<T> all;
  for (int n = first; n <= last; ++n) all.push_back(message<T>(n));
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("a batch goes into a pipe as far as there is room", "[pipe]", int, std::string) {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<TestType, int>(rt, {.capacity = 4});
  auto& a = pipe.first;
  auto& b = pipe.second;
  const auto ten = messages<TestType>(1, 10);
  auto ec = anything();
  SECTION("now") {
    CHECK(a.try_send_batch(ten) == 4);
    CHECK(a.try_send_batch(ten) == 0);
  }
  SECTION("now, with an error_code") {
    CHECK(a.try_send_batch(ten, ec) == 4);
    CHECK_FALSE(ec);
  }
  SECTION("in a time") { CHECK(a.send_batch_for(ten, 1ms) == 4); }
  SECTION("in a time, with an error_code") {
    CHECK(a.send_batch_for(ten, 1ms, ec) == 4);
    CHECK_FALSE(ec);
  }
  CHECK(b.receive_batch(10) == messages<TestType>(1, 4));
  std::thread sender([&] { CHECK(a.send_batch_for(ten, soon) == 10); });
  std::vector<TestType> got;
  while (got.size() < 10) {
    for (auto& one : b.receive_batch_for(3, soon)) got.push_back(std::move(one));
  }
  sender.join();
  CHECK(got == ten);
  b.close();
  CHECK(a.try_send_batch(ten, ec) == 0);
  CHECK(ec == errc::closed);
  CHECK_THROWS_AS(a.try_send_batch(ten), bulkhead::error);
  CHECK_THROWS_AS(a.send_batch_for(ten, soon), bulkhead::error);
}

TEMPLATE_TEST_CASE("a batch comes out of a pipe as far as there are messages", "[pipe]", int,
                   std::string) {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<TestType, TestType>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto ec = anything();
  CHECK(b.try_receive_batch(3).empty());
  CHECK(b.try_receive_batch(3, ec).empty());
  CHECK_FALSE(ec);
  CHECK(b.receive_batch_for(3, 1ms).empty());
  ec = anything();
  CHECK(b.receive_batch_for(3, 1ms, ec).empty());
  CHECK_FALSE(ec);
  a.send_batch(messages<TestType>(1, 9));
  CHECK(b.try_receive_batch(2) == messages<TestType>(1, 2));
  CHECK(b.try_receive_batch(2, ec) == messages<TestType>(3, 4));
  CHECK(b.receive_batch_for(2, soon) == messages<TestType>(5, 6));
  CHECK(b.receive_batch_for(9, soon, ec) == messages<TestType>(7, 9));
  a.close();
  CHECK(b.try_receive_batch(2, ec).empty());
  CHECK(ec == errc::closed);
  CHECK(b.receive_batch_for(2, soon, ec).empty());
  CHECK(ec == errc::closed);
  CHECK_THROWS_AS(b.try_receive_batch(2), bulkhead::error);
}

TEST_CASE("poll, close and peer of a pipe end tell by an error_code", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto ec = anything();
  CHECK_FALSE(a.poll(ec));
  CHECK_FALSE(ec);
  ec = anything();
  CHECK_FALSE(a.poll(1ms, ec));
  CHECK_FALSE(ec);
  b.send(1);
  ec = anything();
  CHECK(a.poll(soon, ec));
  CHECK_FALSE(ec);
  CHECK(a.poll(ec));
  ec = anything();
  CHECK(a.peer(ec).what == bulkhead::pipe_peer::state::open);
  CHECK_FALSE(ec);
  ec = anything();
  a.close(ec);
  CHECK_FALSE(ec);
  CHECK(a.closed());
  // That a receive would fail is an answer, no error.
  CHECK(b.poll(soon, ec));
  CHECK_FALSE(ec);
}

TEST_CASE("what a pipe lends has a form with an error_code", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt, {.capacity = 1});
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto ec = anything();
  CHECK_FALSE(b.try_receive_in_place(ec));
  CHECK_FALSE(ec);
  ec = anything();
  CHECK_FALSE(b.receive_in_place_for(1ms, ec));
  CHECK_FALSE(ec);
  ec = anything();
  auto room = a.try_loan(1, ec);
  REQUIRE(room);
  CHECK_FALSE(ec);
  *room = 7;
  a.send(std::move(room));
  ec = anything();
  CHECK_FALSE(a.try_loan(1, ec));
  CHECK_FALSE(ec);
  ec = anything();
  CHECK_FALSE(a.loan_for(1, 1ms, ec));
  CHECK_FALSE(ec);
  ec = anything();
  auto got = b.receive_in_place_for(soon, ec);
  CHECK_FALSE(ec);
  REQUIRE(got);
  CHECK(*got == 7);
  got.finish();
  a.close();
  CHECK_FALSE(b.try_receive_in_place(ec));
  CHECK(ec == errc::closed);
  CHECK_FALSE(b.loan_for(1, soon, ec));
  CHECK(ec == errc::closed);
}
