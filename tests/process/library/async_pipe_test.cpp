#include <unistd.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <bulkhead/bulkhead.hpp>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using bulkhead::errc;
using bulkhead::pipe_end;
using bulkhead_test::soon;

namespace {

struct loop {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
};

}  // namespace

TEST_CASE("a child is asked and answers through asynchronous pipe calls", "[async][pipe]") {
  loop own;
  auto [here, there] = bulkhead::make_pipe<std::string, std::size_t>(own.rt);
  auto child = own.rt.spawn(
      [](pipe_end<std::size_t, std::string> end) {
        // In the child without a loop: on the runtime's own thread.
        for (int n = 0; n < 20; ++n) {
          const auto text = end.async_receive(asio::use_future).get();
          end.async_send(text.size(), asio::use_future).get();
        }
      },
      std::move(there));
  std::size_t sum = 0;
  asio::co_spawn(
      own.io,
      [&, &end = here]() -> asio::awaitable<void> {
        for (std::size_t n = 0; n < 20; ++n) {
          co_await end.async_send(std::string(n, 'x'), asio::use_awaitable);
          sum += co_await end.async_receive(asio::use_awaitable);
        }
      },
      [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
      });
  own.io.run_for(soon);
  CHECK(sum == 190);
  CHECK(child.join().success());
}

TEST_CASE("a send waits for room in the pipe, and others wait behind it", "[async][pipe]") {
  loop own;
  auto pipe = bulkhead::make_pipe<int, int>(own.rt, {.capacity = 2});
  auto& [a, b] = pipe;
  std::vector<int> sent;
  for (int n = 0; n < 5; ++n) {
    a.async_send(n, [&, n](error_code ec) { sent.push_back(ec ? -1 : n); });
  }
  own.io.poll();
  CHECK(sent == std::vector{0, 1});
  std::thread reader([&, &end = b] {
    for (int n = 0; n < 5; ++n) CHECK(end.receive() == n);
  });
  own.io.run_for(soon);
  reader.join();
  CHECK(sent == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("messages larger than the ring go out and in asynchronously", "[async][pipe]") {
  loop own;
  auto pipe = bulkhead::make_pipe<std::string, int>(own.rt, {.ring_bytes = 4096});
  auto& [a, b] = pipe;
  const std::string large(100'000, 'l');
  SECTION("whole") {
    int done = 0;
    a.async_send(large, [&](error_code ec) { done += ec ? 100 : 1; });
    a.async_send("small", [&](error_code ec) { done += ec ? 100 : 1; });
    b.async_receive([&](error_code ec, const std::string& s) { done += !ec && s == large; });
    b.async_receive([&](error_code ec, const std::string& s) { done += !ec && s == "small"; });
    own.io.run_for(soon);
    CHECK(done == 4);
  }
  SECTION("given up midway, it was never sent") {
    asio::cancellation_signal stop;
    error_code result;
    a.async_send(large,
                 asio::bind_cancellation_slot(stop.slot(), [&](error_code ec) { result = ec; }));
    own.io.poll();
    CHECK(!b.try_receive());
    stop.emit(asio::cancellation_type::terminal);
    own.io.run_for(soon);
    CHECK(result == asio::error::operation_aborted);
    CHECK(!b.try_receive());
    a.send("next");
    CHECK(b.receive() == "next");
  }
}

TEST_CASE("the end of a pipe end ends what waits there", "[async][pipe]") {
  loop own;
  auto pipe = bulkhead::make_pipe<int, int>(own.rt, {.capacity = 1});
  auto a = std::make_unique<pipe_end<int, int>>(std::move(pipe.first));
  auto& b = pipe.second;
  error_code received;
  error_code sent;
  a->send(1);
  a->async_receive([&](error_code ec, int) { received = ec; });
  a->async_send(2, [&](error_code ec) { sent = ec; });
  own.io.poll();
  SECTION("closed here") {
    a->close();
    own.io.run_for(soon);
    CHECK(received == errc::closed);
    CHECK(sent == errc::closed);
  }
  SECTION("destroyed here") {
    a.reset();
    own.io.run_for(soon);
    CHECK(received == asio::error::operation_aborted);
    CHECK(sent == asio::error::operation_aborted);
    CHECK(b.receive() == 1);
    std::error_code ec;
    b.receive(ec);
    CHECK(ec == errc::closed);
  }
  SECTION("closed there") {
    b.close();
    own.io.run_for(soon);
    CHECK(received == errc::closed);
    CHECK(sent == errc::closed);
  }
  CHECK(own.io.stopped());
}

TEST_CASE("a killed peer is told of after the last of its messages", "[async][pipe][crash]") {
  loop own;
  auto [here, there] = bulkhead::make_pipe<int, int>(own.rt);
  auto child = own.rt.spawn(
      [](const pipe_end<int, int>& end) {
        end.send(7);
        end.send(8);
        for (;;) pause();
      },
      std::move(there));
  std::vector<int> got;
  error_code ended;
  const auto talk = [&, &end = here]() -> asio::awaitable<void> {
    try {
      for (;;) {
        got.push_back(co_await end.async_receive(asio::use_awaitable));
        if (got.size() == 2) child.kill();
      }
    } catch (const boost::system::system_error& failure) {
      ended = failure.code();
    }
  };
  asio::co_spawn(own.io, talk(), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
  own.io.run_for(soon);
  CHECK(got == std::vector{7, 8});
  CHECK(ended == errc::peer_crashed);
}
