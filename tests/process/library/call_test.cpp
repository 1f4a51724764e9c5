#include <unistd.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <string>

#include "process/library/facts.hpp"
#include "process/library/futures.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead::errc;
using bulkhead_test::error_of;
using bulkhead_test::eventually;
using bulkhead_test::result_of;
using bulkhead_test::soon;

namespace {

int add(int a, int b) { return a + b; }
std::string repeat(std::string text, int times) {
  std::string all;
  for (int n = 0; n < times; ++n) all += text;
  return all;
}
void nothing() {}
int look_up(int index) { return std::vector<int>{1, 2}.at(static_cast<std::size_t>(index)); }
int open_nothing() { throw std::system_error(ENOENT, std::generic_category(), "opening it"); }
struct odd_error : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "odd"; }
};
int throw_odd() { throw odd_error(); }
int throw_number() { throw 7; }
int fall_over() { std::abort(); }
int wait_for_ever(bulkhead::queue<int> entered) {
  entered.send(::getpid());
  for (;;) ::pause();
}
std::vector<char> huge() { return std::vector<char>(300u << 20); }

// Crashes until it has been tried so often.
int third_time_lucky(bulkhead::queue<int> tries) {
  tries.send(1);
  if (tries.size() < 3) std::abort();
  return 42;
}

}  // namespace

TEST_CASE("a call brings back what its function returns", "[process][call]") {
  bulkhead::runtime rt;
  CHECK(result_of(rt.call(add, 2, 3)) == 5);
  CHECK(result_of(rt.call(repeat, "ab", 100'000)).size() == 200'000);
  CHECK_NOTHROW(result_of(rt.call(nothing)));
  CHECK(result_of(rt.call([](int n) { return n + 1; }, 1)) == 2);
}

TEST_CASE("a call brings back what its function throws, as the type it was", "[process][call]") {
  bulkhead::runtime rt;
  CHECK_THROWS_AS(result_of(rt.call(look_up, 9)), std::out_of_range);
  CHECK(error_of(rt.call(open_nothing)) == std::errc::no_such_file_or_directory);
  CHECK_THROWS_WITH(result_of(rt.call(throw_odd)), "odd");
  CHECK_THROWS_AS(result_of(rt.call(throw_odd)), bulkhead::remote_error);
  CHECK_THROWS_AS(result_of(rt.call(throw_number)), bulkhead::remote_error);
  try {
    result_of(rt.call({.process = {.name = "finder"}}, look_up, 9));
    FAIL("it returned");
  } catch (const bulkhead::remote_origin& from) {
    CHECK(from.type() == "std::out_of_range");
    CHECK(from.process() == "finder");
    CHECK(from.pid() > 0);
  }
}

TEST_CASE("a call whose process dies fails at once with how", "[process][call][crash]") {
  bulkhead::runtime rt;
  try {
    result_of(rt.call(fall_over));
    FAIL("it returned");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == errc::peer_crashed);
    CHECK(failure.status().signal == SIGABRT);
  }
}

TEST_CASE("a result that is too large is an error of the call", "[process][call]") {
  bulkhead::runtime rt;
  CHECK(error_of(rt.call(huge)) == errc::too_large);
}

TEST_CASE("a call past its deadline fails, and its process ends", "[process][call]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> entered{rt};
  auto f = rt.call({.deadline = std::chrono::milliseconds(200)}, wait_for_ever, entered);
  CHECK(error_of(std::move(f)) == errc::timed_out);
  const auto pid = entered.try_receive();
  if (pid) CHECK(eventually([&] { return ::kill(*pid, 0) != 0; }));
}

TEST_CASE("a call is begun again after a crash as often as it may be", "[process][call][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> tries{rt};
  CHECK(error_of(rt.call({.attempts = 2}, third_time_lucky, tries)) == errc::peer_crashed);
  CHECK(tries.size() == 2);
  bulkhead::queue<int> more{rt};
  CHECK(result_of(rt.call({.attempts = 3}, third_time_lucky, more)) == 42);
}

TEST_CASE("many calls are in flight at once, each with its own answer", "[process][call]") {
  bulkhead::runtime rt;
  std::vector<std::future<int>> all;
  for (int n = 0; n < 200; ++n) all.push_back(rt.call(add, n, 1000));
  for (int n = 0; n < 200; ++n) CHECK(result_of(std::move(all[n])) == n + 1000);
}

TEST_CASE("calls whose processes are killed at any time are answered once",
          "[process][call][crash]") {
  bulkhead::runtime rt;
  int values = 0;
  for (int round = 0; round < 200; ++round) {
    // Killed after a time that runs over a call's whole life.
    auto f = rt.call({.deadline = std::chrono::microseconds(20 * round + 1)}, add, round, 1);
    REQUIRE(f.wait_for(soon) == std::future_status::ready);
    try {
      const int answer = f.get();
      CHECK(answer == round + 1);
      ++values;
    } catch (const bulkhead::error& failure) {
      CHECK(failure.code() == errc::timed_out);
    }
  }
  CHECK(values > 0);
  CHECK(result_of(rt.call(add, 1, 1)) == 2);  // the seats of the killed are free again
}

TEST_CASE("an asynchronous call completes by its token and is cancelled by its slot",
          "[process][call]") {
  bulkhead::runtime rt;
  CHECK(result_of(rt.async_call(add, 1, 2, boost::asio::use_future)) == 3);
  CHECK_THROWS_AS(result_of(rt.async_call(look_up, 9, boost::asio::use_future)), std::out_of_range);

  bulkhead::queue<int> entered{rt};
  boost::asio::cancellation_signal stop;
  std::promise<std::exception_ptr> ended;
  rt.async_call(wait_for_ever, entered,
                boost::asio::bind_cancellation_slot(
                    stop.slot(), [&](std::exception_ptr failed, int) { ended.set_value(failed); }));
  const auto pid = entered.receive_for(soon);
  REQUIRE(pid.has_value());
  stop.emit(boost::asio::cancellation_type::terminal);
  auto f = ended.get_future();
  REQUIRE(f.wait_for(soon) == std::future_status::ready);
  CHECK_THROWS_AS(std::rethrow_exception(f.get()), boost::system::system_error);
  CHECK(eventually([&] { return ::kill(*pid, 0) != 0; }));
}

TEST_CASE("a call that is under way when its runtime ends fails", "[process][call]") {
  std::future<int> f;
  {
    bulkhead::runtime rt;
    bulkhead::queue<int> entered{rt};
    f = rt.call(wait_for_ever, entered);
    REQUIRE(entered.receive_for(soon).has_value());
  }
  CHECK(error_of(std::move(f)) == errc::runtime_gone);
}

TEST_CASE("what a call cannot be given is refused", "[process][call]") {
  bulkhead::runtime rt;
  CHECK_THROWS_AS(rt.call({.attempts = 0}, nothing), std::invalid_argument);
  CHECK_THROWS_AS(rt.call({.deadline = std::chrono::seconds(0)}, nothing), std::invalid_argument);
  CHECK_THROWS_AS(rt.call({.process = {.directory = "/no/such"}}, nothing), bulkhead::error);
  CHECK(result_of(rt.call(add, 1, 1)) == 2);
}
