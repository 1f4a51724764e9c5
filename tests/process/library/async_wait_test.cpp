#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <optional>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using bulkhead::async_wait_any;
using bulkhead::errc;
using bulkhead::npos;
using bulkhead::queue;
using bulkhead_test::soon;

namespace {

void end_when_told(queue<int> told) { told.receive(); }

}  // namespace

TEST_CASE("a process is waited for asynchronously", "[async][process]") {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  queue<int> told{rt};
  auto p = rt.spawn(end_when_told, told);
  std::optional<bulkhead::exit_status> status;
  error_code result;
  asio::cancellation_signal stop;
  p.async_wait(
      asio::bind_cancellation_slot(stop.slot(), [&](error_code ec, const bulkhead::exit_status& s) {
        result = ec;
        status = s;
      }));
  io.poll();
  CHECK(!status);
  SECTION("that ends by itself") {
    told.send(1);
    io.run_for(soon);
    REQUIRE(status);
    CHECK(status->success());
  }
  SECTION("that is killed") {
    p.kill();
    io.run_for(soon);
    REQUIRE(status);
    CHECK(status->signal == SIGKILL);
  }
  SECTION("until the wait is cancelled") {
    stop.emit(asio::cancellation_type::terminal);
    io.run_for(soon);
    CHECK(result == asio::error::operation_aborted);
    told.send(1);
  }
  CHECK(io.stopped());
  p.join();
  bool again = false;
  p.async_wait([&](error_code ec, const bulkhead::exit_status&) { again = !ec; });
  io.restart();
  io.run();
  CHECK(again);
}

TEST_CASE("async_wait_any tells the first of several things that is ready", "[async][wait_any]") {
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  queue<int> q{rt};
  queue<int> told{rt};
  auto p = rt.spawn(end_when_told, told);
  asio::steady_timer timer(io, std::chrono::hours(1));
  int fds[2];
  REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
  std::optional<std::size_t> found;
  const auto wait = [&](auto time) {
    async_wait_any(time, pipe.second, q, p, timer, fds[0], [&](error_code ec, std::size_t index) {
      CHECK(!ec);
      found = index;
    });
    io.restart();
    io.poll();
  };
  const auto expect = [&](std::size_t index) {
    io.restart();
    io.run_for(soon);
    CHECK(found == index);
    CHECK(io.stopped());
  };
  SECTION("nothing in time") {
    wait(2ms);
    expect(npos);
  }
  SECTION("a pipe's message, which stays there") {
    wait(soon);
    CHECK(!found);
    pipe.first.send(1);
    expect(0);
    wait(soon);
    expect(0);
  }
  SECTION("a queue's message and close") {
    wait(soon);
    q.send(1);
    expect(1);
    q.receive();
    found.reset();
    wait(soon);
    CHECK(!found);
    q.close();
    expect(1);
  }
  SECTION("a process's end") {
    wait(soon);
    told.send(1);
    expect(2);
  }
  SECTION("a descriptor") {
    wait(soon);
    CHECK(write(fds[1], "x", 1) == 1);
    expect(4);
  }
  SECTION("a timer") {
    timer.expires_after(3ms);
    wait(soon);
    expect(3);
  }
  told.send(1);
  close(fds[0]);
  close(fds[1]);
}

namespace {

// Begins something that waits for ever, and reports how it ended.
void wait_asynchronously(queue<int> out, int what) {
  auto& rt = bulkhead::this_process::runtime();
  queue<int> q{rt, {.capacity = 1}};
  q.send(1);
  queue<int> nothing{rt};
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  asio::io_context io;
  error_code result;
  const auto on = [&](auto handler) { return asio::bind_executor(io, handler); };
  switch (what) {
    case 0:
      nothing.async_receive(on([&](error_code ec, int) { result = ec; }));
      break;
    case 1:
      q.async_send(2, on([&](error_code ec) { result = ec; }));
      break;
    case 2:
      pipe.first.async_receive(on([&](error_code ec, int) { result = ec; }));
      break;
    case 3:
      async_wait_any(1h, nothing, on([&](error_code ec, std::size_t) { result = ec; }));
      break;
    default:
      async_wait_any(1h, std::chrono::steady_clock::now() + 1h,
                     on([&](error_code ec, std::size_t) { result = ec; }));
  }
  io.poll();
  out.send(1);
  io.restart();
  io.run();
  out.send(result == errc::stop_requested ? 2 : 3);
  // Afterwards what need not wait goes on, and what waits does not begin.
  nothing.async_send(1, on([&](error_code ec) { result = ec; }));
  io.restart();
  io.run();
  out.send(result ? 3 : 4);
  nothing.async_receive(on([&](error_code ec, int) { result = ec; }));
  io.restart();
  io.run();
  out.send(result == errc::stop_requested ? 5 : 3);
}

}  // namespace

TEST_CASE("a stop request ends the asynchronous calls that wait", "[async][process]") {
  bulkhead::runtime rt;
  queue<int> out{rt};
  const int what = GENERATE(range(0, 5));
  auto p = rt.spawn(wait_asynchronously, out, what);
  CHECK(out.receive_for(soon) == 1);
  p.request_stop();
  CHECK(out.receive_for(soon) == 2);
  CHECK(out.receive_for(soon) == 4);
  CHECK(out.receive_for(soon) == 5);
  CHECK(p.join().success());
}

TEST_CASE("in a forked copy every asynchronous call is refused", "[async][process]") {
  bulkhead::runtime rt;
  queue<int> q{rt};
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  asio::io_context io;
  error_code before;
  q.async_receive(asio::bind_executor(io, [&](error_code ec, int) { before = ec; }));
  io.poll();
  const pid_t copy = fork();
  if (copy == 0) {
    io.notify_fork(asio::execution_context::fork_child);
    int refused = 0;
    const auto count = [&](error_code ec, auto... /*value*/) {
      if (ec == errc::not_initialised) ++refused;
    };
    q.async_receive(asio::bind_executor(io, count));
    q.async_take(asio::bind_executor(io, count));
    q.async_send(1, asio::bind_executor(io, count));
    pipe.first.async_send(1, asio::bind_executor(io, count));
    pipe.first.async_receive(asio::bind_executor(io, count));
    async_wait_any(soon, q, asio::bind_executor(io, count));
    io.restart();
    io.run_for(5s);
    if (before == errc::not_initialised) ++refused;
    _exit(refused);
  }
  int status = 0;
  waitpid(copy, &status, 0);
  CHECK(WEXITSTATUS(status) == 7);
  // The original's operation is as it was.
  q.send(1);
  io.restart();
  io.run_for(soon);
  CHECK(io.stopped());
  CHECK(!before);
}
