#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <fstream>
#include <optional>
#include <thread>

#include "process/library/few_descriptors.hpp"
#include "process/library/sleeping.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead::npos;
using bulkhead::pipe_end;
using bulkhead::wait_any;
using bulkhead_test::await_sleep;
using bulkhead_test::soon;

namespace {

struct pipe_of_system {
  pipe_of_system() { REQUIRE(pipe2(fds, O_CLOEXEC) == 0); }
  ~pipe_of_system() {
    close(fds[0]);
    close(fds[1]);
  }
  int fds[2] = {-1, -1};
};

void end_when_told(bulkhead::queue<int> told) { told.receive(); }

}  // namespace

TEST_CASE("wait_any refuses a descriptor that is not open", "[wait_any][process]") {
  int closed = 0;
  {
    const pipe_of_system gone;
    closed = gone.fds[0];
  }
  std::error_code ec;
  CHECK(wait_any(ec, soon, closed) == npos);
  CHECK(ec == std::errc::bad_file_descriptor);
  CHECK(wait_any(ec, soon, -1) == npos);
  CHECK(ec == std::errc::bad_file_descriptor);
  boost::asio::io_context io;
  std::optional<boost::system::error_code> told;
  bulkhead::async_wait_any(
      soon, closed, boost::asio::bind_executor(io, [&](auto failure, auto) { told = failure; }));
  io.run_for(soon);
  REQUIRE(told);
  CHECK(*told == boost::system::errc::bad_file_descriptor);
}

TEST_CASE("wait_any tells the first of several things that is ready", "[wait_any][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  bulkhead::queue<int> q{rt};
  bulkhead::queue<int> told{rt};
  auto p = rt.spawn(end_when_told, told);
  boost::asio::io_context io;
  boost::asio::steady_timer timer(io, std::chrono::hours(1));
  pipe_of_system fd;
  // Below the second line's first look, which would hide a bell that nobody rings.
  const auto wait = [&](auto time) {
    const auto begin = std::chrono::steady_clock::now();
    const std::size_t found = wait_any(time, b, q, p, timer, fd.fds[0]);
    CHECK(std::chrono::steady_clock::now() - begin < 900ms);
    return found;
  };
  const pid_t me = gettid();
  CHECK(wait(0s) == npos);
  CHECK(wait(2ms) == npos);
  SECTION("a pipe's message") {
    std::thread later([&] {
      await_sleep(me);
      a.send(1);
    });
    CHECK(wait(soon) == 0);
    later.join();
    CHECK(wait(0s) == 0);  // it is still there
    CHECK(b.receive() == 1);
    CHECK(wait(0s) == npos);
  }
  SECTION("a pipe's end") {
    a.close();
    CHECK(wait(soon) == 0);
  }
  SECTION("a queue's message, and its close") {
    std::thread later([&] {
      await_sleep(me);
      q.send(1);
    });
    CHECK(wait(soon) == 1);
    later.join();
    CHECK(q.receive() == 1);
    CHECK(wait(0s) == npos);
    q.close();
    CHECK(wait(soon) == 1);
  }
  SECTION("a process's end") {
    std::thread later([&] {
      await_sleep(me);
      told.send(1);
    });
    CHECK(wait(soon) == 2);
    later.join();
    CHECK(p.join().success());
  }
  SECTION("a descriptor") {
    std::thread later([&] {
      await_sleep(me);
      CHECK(write(fd.fds[1], "x", 1) == 1);
    });
    CHECK(wait(soon) == 4);
    later.join();
  }
}

TEST_CASE("wait_any tells a timer that has come, and the first where two are ready", "[wait_any]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& b = pipe.second;
  boost::asio::io_context io;
  boost::asio::steady_timer timer(io, 3ms);
  CHECK(wait_any(soon, b, timer) == 1);
  CHECK(wait_any(soon, b, std::chrono::steady_clock::now() + 2ms) == 1);
  pipe.first.send(1);
  CHECK(wait_any(soon, b, timer) == 0);
  CHECK(wait_any(soon, timer, b) == 0);
}

TEST_CASE("wait_any hears of a peer that is killed", "[wait_any][process][crash]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  bulkhead::queue<int> q{rt};
  auto p = rt.spawn(
      [](pipe_end<int, int> end) {
        end.send(1);
        for (;;) pause();
      },
      std::move(b));
  CHECK(wait_any(soon, q, a) == 1);
  CHECK(a.receive() == 1);
  std::thread killer([&] { p.kill(); });
  CHECK(wait_any(soon, q, a) == 1);
  killer.join();
}

TEST_CASE("none of several that wait for the same queue misses a message", "[wait_any][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 2}};
  bulkhead::queue<int> out{rt};
  const auto work = [](bulkhead::queue<int> from, bulkhead::queue<int> to) {
    for (;;) {
      if (wait_any(std::chrono::seconds(20), from) != 0) std::abort();
      std::error_code ec;
      const auto got = from.try_receive(ec);
      if (ec) return;
      if (got) to.send(*got);
    }
  };
  auto one = rt.spawn(work, q, out);
  auto two = rt.spawn(work, q, out);
  std::thread three([&] { work(q, out); });
  std::thread four([&] { work(q, out); });
  std::thread sender([&] {
    for (int n = 0; n < 1000; ++n) q.send(1);
  });
  int sum = 0;
  for (int n = 0; n < 1000; ++n) {
    const auto got = out.receive_for(soon);
    if (!got) break;
    sum += *got;
  }
  CHECK(sum == 1000);
  sender.join();
  q.close();
  three.join();
  four.join();
  CHECK(one.join().success());
  CHECK(two.join().success());
}

TEST_CASE("a stop request ends wait_any", "[wait_any][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  const auto wait = [](bulkhead::queue<int> out, bool on_queue) {
    bulkhead::queue<int> own{bulkhead::this_process::runtime()};
    out.send(1);
    std::error_code ec;
    const auto never = std::chrono::steady_clock::now() + std::chrono::hours(1);
    if (on_queue) {
      wait_any(ec, std::chrono::hours(1), own);
    } else {
      wait_any(ec, std::chrono::hours(1), never);
    }
    out.send(ec == bulkhead::errc::stop_requested ? 2 : 3);
  };
  const bool on_queue = GENERATE(false, true);
  auto p = rt.spawn(wait, q, on_queue);
  CHECK(q.receive_for(soon) == 1);
  p.request_stop();
  CHECK(q.receive_for(soon) == 2);
}

TEST_CASE("wait_any reports that it has no descriptor to wait by", "[wait_any][process]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> q{rt};
  std::error_code ec;
  std::size_t found = 0;
  {
    const bulkhead_test::low_limit few(64);
    const auto all = bulkhead_test::take_all_descriptors();
    CHECK_NOTHROW(found = wait_any(ec, soon, q));
  }
  CHECK(found == npos);
  CHECK(ec == std::errc::too_many_files_open);
}
