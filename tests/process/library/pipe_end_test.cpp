#include <sys/wait.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <string>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::pipe_end;
using bulkhead_test::eventually;
using bulkhead_test::soon;

namespace {

void send_and_crash(pipe_end<int, int> end, int count, bool exits) {
  for (int n = 0; n < count; ++n) end.send(n);
  if (exits) return;
  raise(SIGKILL);
}

void wait_for_ever(pipe_end<int, int> end) {
  end.send(1);
  for (;;) pause();
}

std::string text_of(std::size_t size) {
  std::string text(size, 'x');
  for (std::size_t n = 0; n < size; ++n) text[n] = static_cast<char>('a' + n % 23);
  return text;
}

}  // namespace

TEST_CASE("what a sender sent stays readable after it exits, then comes the end",
          "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(send_and_crash, std::move(b), 5, true);
  REQUIRE(p.join_for(soon).has_value());
  for (int n = 0; n < 5; ++n) CHECK(a.receive() == n);
  std::error_code ec;
  static_cast<void>(a.receive(ec));
  CHECK(ec == errc::closed);
  a.send(1, ec);
  CHECK(ec == errc::closed);
  CHECK(a.peer().what == bulkhead::pipe_peer::state::closed);
}

TEST_CASE("a sender that exits before its receiver starts is heard", "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<std::string, std::string>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto [c, d] = bulkhead::make_pipe<std::string, std::string>(rt);
  rt.spawn(
        [](pipe_end<std::string, std::string> to) {
          for (const char* text : {"Hey", "Hello", "How are you", "End"}) to.send(text);
        },
        std::move(a))
      .join();
  auto p = rt.spawn(
      [](pipe_end<std::string, std::string> from, pipe_end<std::string, std::string> out) {
        std::error_code ec;
        for (auto text = from.receive(ec); !ec; text = from.receive(ec)) out.send(text);
      },
      std::move(b), std::move(c));
  std::vector<std::string> got;
  std::error_code ec;
  for (auto text = d.receive(ec); !ec; text = d.receive(ec)) got.push_back(text);
  CHECK(got == std::vector<std::string>{"Hey", "Hello", "How are you", "End"});
  CHECK(ec == errc::closed);
}

TEST_CASE("what a sender sent stays readable after it is killed, then comes its exit status",
          "[pipe][process][crash]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt, {.name = "line"});
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn({.name = "victim"}, send_and_crash, std::move(b), 5, false);
  for (int n = 0; n < 5; ++n) CHECK(a.receive() == n);
  try {
    a.receive();
    FAIL("nothing was thrown");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == errc::peer_crashed);
    CHECK(failure.status().signal == SIGKILL);
    CHECK_THAT(failure.what(), Catch::Contains("line") && Catch::Contains("victim"));
  }
  std::error_code ec;
  static_cast<void>(a.try_receive(ec));
  CHECK(ec == errc::peer_crashed);
  a.send(1, ec);
  CHECK(ec == errc::peer_crashed);
  const auto peer = a.peer();
  CHECK(peer.what == bulkhead::pipe_peer::state::crashed);
  CHECK(peer.name == "victim");
  CHECK(peer.id == 0);
}

TEST_CASE("a receiver that waits hears of its peer's death at once", "[pipe][process][crash]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(wait_for_ever, std::move(b));
  CHECK(a.receive() == 1);
  CHECK(a.peer().id == p.id());
  std::thread killer([&] { p.kill(); });
  std::error_code ec;
  static_cast<void>(a.receive_for(soon, ec));
  CHECK(ec == errc::peer_crashed);
  killer.join();
}

TEST_CASE("a sender that waits for room hears of its peer's death at once",
          "[pipe][process][crash]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt, {.capacity = 4});
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(wait_for_ever, std::move(b));
  CHECK(a.receive() == 1);
  for (int n = 0; n < 4; ++n) CHECK(a.try_send(n));
  CHECK_FALSE(a.try_send(4));
  CHECK_FALSE(a.send_for(4, 1ms));
  std::thread killer([&] { p.kill(); });
  std::error_code ec;
  a.send_for(4, soon, ec);
  CHECK(ec == errc::peer_crashed);
  killer.join();
}

TEST_CASE("a large message whose sender dies midway is not delivered", "[pipe][process][crash]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<std::string, std::string>(rt, {.ring_bytes = 4096});
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(
      [](pipe_end<std::string, std::string> end) {
        end.send("small");
        end.send(text_of(1'000'000));
      },
      std::move(b));
  CHECK(a.receive() == "small");
  CHECK(eventually([&] { return a.poll() || a.peer().id != 0; }));
  p.kill();
  REQUIRE(p.join_for(soon).has_value());
  std::error_code ec;
  static_cast<void>(a.receive_for(soon, ec));
  CHECK(ec == errc::peer_crashed);
}

TEST_CASE("close ends both sides: what was sent is read first", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, std::string>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  a.send(1);
  a.send(2);
  a.close();
  CHECK(a.closed());
  std::error_code ec;
  a.send(3, ec);
  CHECK(ec == errc::closed);
  static_cast<void>(a.try_receive(ec));
  CHECK(ec == errc::closed);
  CHECK(b.receive() == 1);
  CHECK(b.receive() == 2);
  static_cast<void>(b.receive(ec));
  CHECK(ec == errc::closed);
  b.send("x", ec);
  CHECK(ec == errc::closed);
  a.close();
}

TEST_CASE("an end that goes is closed", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  { const auto gone = std::move(a); }
  std::error_code ec;
  static_cast<void>(b.receive(ec));
  CHECK(ec == errc::closed);
  CHECK_THROWS_AS(a.receive(), bulkhead::error);
  CHECK_THROWS_AS(a.send(1), bulkhead::error);
}

TEST_CASE("a stop request ends a waiting receive", "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(
      [](pipe_end<int, int> end) {
        end.send(1);
        std::error_code ec;
        static_cast<void>(end.receive(ec));
        end.send(ec == errc::stop_requested ? 2 : 3);
      },
      std::move(b));
  CHECK(a.receive() == 1);
  p.request_stop();
  CHECK(a.receive_for(soon) == 2);
  CHECK(p.join_for(soon).has_value());
}

TEST_CASE("after a stop request only the try forms take what waits", "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(
      [](pipe_end<int, int> end) {
        // By the fast path, should there be one for a call that waits.
        for (int n = 0; n < 100; ++n) end.send(end.receive());
        std::error_code ec;
        static_cast<void>(end.receive(ec));
        end.send(ec == errc::stop_requested ? 1 : 0);
        while (!end.poll()) {
        }
        const auto refused = [&] { return ec == errc::stop_requested ? 1 : 0; };
        static_cast<void>(end.receive(ec));
        end.send(refused());
        end.send(end.receive_for(soon, ec) ? 2 : refused());
        end.send(end.receive_batch(5, ec).empty() ? refused() : 2);
        end.send(end.receive_in_place(ec) ? 2 : refused());
        end.send(end.try_receive().value_or(0));
        end.send(*end.try_receive_in_place());
      },
      std::move(b));
  for (int n = 0; n < 100; ++n) {
    a.send(n);
    REQUIRE(a.receive_for(soon) == n);
  }
  p.request_stop();
  REQUIRE(a.receive_for(soon) == 1);
  a.send(7);
  a.send(8);
  for (int refused = 0; refused < 4; ++refused) CHECK(a.receive_for(soon) == 1);
  CHECK(a.receive_for(soon) == 7);
  CHECK(a.receive_for(soon) == 8);
  CHECK(p.join_for(soon).has_value());
}

TEST_CASE("an end that was passed on is not its giver's any more", "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  // To a child, which passes it on to one of its own and ends: what that one says is heard.
  auto p = rt.spawn(
      [](pipe_end<int, int> end, bulkhead::queue<int> done) {
        auto child = bulkhead::this_process::runtime().spawn(
            [](pipe_end<int, int> mine) {
              mine.send(mine.receive() + 1);
              mine.close();
            },
            std::move(end));
        child.join();
        done.send(1);
      },
      std::move(b), bulkhead::queue<int>{rt});
  a.send(41);
  CHECK(a.receive_for(soon) == 42);
  std::error_code ec;
  static_cast<void>(a.receive(ec));
  CHECK(ec == errc::closed);
  CHECK(p.join().success());
}

TEST_CASE("a forked copy of a process has no pipe", "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  a.send(1);
  CHECK(b.receive() == 1);  // the gates are this thread's now
  const pid_t copy = fork();
  if (copy == 0) {
    std::error_code sent;
    a.send(2, sent);
    std::error_code received;
    static_cast<void>(b.receive(received));
    _exit(sent == errc::not_initialised && received == errc::not_initialised ? 0 : 1);
  }
  int status = -1;
  waitpid(copy, &status, 0);
  CHECK(status == 0);
  CHECK_FALSE(b.poll());
}
