#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <boost/asio/post.hpp>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <future>
#include <stdexcept>
#include <string>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead_test::soon;
namespace this_process = bulkhead::this_process;

namespace {

void nothing() {}
void leave_with(int code) { std::exit(code); }
void crash() { *static_cast<volatile int*>(nullptr) = 1; }
void fail() { throw std::runtime_error("no such record"); }
void wait_for_stop(bulkhead::queue<int> q, bulkhead::queue<std::string> said) {
  std::error_code ec;
  static_cast<void>(q.receive(ec));
  said.send(ec.message());
}
void ignore_stop(bulkhead::queue<int> entered) {
  entered.send(1);
  for (;;) pause();
}

template <class Call>
bool is_refused(Call call) {
  try {
    call();
  } catch (const bulkhead::error& failure) {
    return failure.code() == bulkhead::errc::not_initialised;
  }
  return false;
}

bulkhead::exit_status status_of(const bulkhead::process& p) {
  const auto status = p.join_for(soon);
  REQUIRE(status.has_value());
  return *status;
}

}  // namespace

TEST_CASE("a process that returns from its function ends with 0", "[process]") {
  bulkhead::runtime rt;
  const auto status = status_of(rt.spawn(nothing));
  CHECK(status.success());
  CHECK(status.cause == bulkhead::death_cause::exit);
}

TEST_CASE("a handle that outlives its runtime waits for nobody", "[process]") {
  auto rt = std::make_unique<bulkhead::runtime>();
  bulkhead::queue<int> entered{*rt};
  std::optional<bulkhead::process> child = rt->spawn(ignore_stop, entered);
  const auto ended = rt->spawn(leave_with, 3);
  CHECK(status_of(ended).code == 3);
  rt.reset();
  try {
    child->join();
    FAIL("it was told of an end");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == bulkhead::errc::runtime_gone);
  }
  std::error_code ec;
  CHECK(bulkhead::wait_any(ec, soon, *child) == bulkhead::npos);
  CHECK(ec == bulkhead::errc::runtime_gone);
  CHECK(bulkhead::wait_any(soon, ended) == 0);
  child.reset();
  CHECK(ended.join().code == 3);
}

TEST_CASE("whoever waits for a child is told when the runtime goes", "[process]") {
  auto rt = std::make_unique<bulkhead::runtime>();
  bulkhead::queue<int> entered{*rt};
  const bulkhead::process child = rt->spawn(ignore_stop, entered);
  std::atomic<bool> waits = false;
  auto told = std::async(std::launch::async, [&] {
    waits = true;
    waits.notify_one();
    try {
      child.join();
    } catch (const bulkhead::error& failure) {
      return failure.code();
    }
    return std::error_code();
  });
  waits.wait(false);  // or is about to: it is told in either case
  rt.reset();
  REQUIRE(told.wait_for(soon) == std::future_status::ready);
  CHECK(told.get() == bulkhead::errc::runtime_gone);
}

TEST_CASE("every end carries its cause", "[process][crash]") {
  bulkhead::runtime rt;
  SECTION("exit") {
    const auto status = status_of(rt.spawn(leave_with, 3));
    CHECK(status.code == 3);
    CHECK(status.report() == "exit code 3");
    CHECK(status.own_doing());
  }
  SECTION("a fault") {
    const auto status = status_of(rt.spawn(crash));
    CHECK(status.signal == SIGSEGV);
    CHECK(status.cause == bulkhead::death_cause::signal);
    CHECK(status.own_doing());
  }
  SECTION("a kill from outside") {
    bulkhead::queue<int> q{rt};
    auto p = rt.spawn(ignore_stop, q);
    CHECK(q.receive_for(soon) == 1);
    p.kill();
    const auto status = status_of(p);
    CHECK(status.signal == SIGKILL);
    CHECK_FALSE(status.own_doing());
  }
  SECTION("an exception") {
    const auto status = status_of(rt.spawn(fail));
    CHECK(status.cause == bulkhead::death_cause::exception);
    CHECK_THAT(status.text,
               Catch::Contains("std::runtime_error") && Catch::Contains("no such record"));
  }
}

TEST_CASE("arguments arrive as the function's parameter types", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  auto p = rt.spawn(
      [](bulkhead::queue<std::string> to, double x, const std::string& text,
         std::vector<int> numbers) {
        to.send(text + ' ' + std::to_string(x) + ' ' + std::to_string(numbers.size()));
      },
      said, 1, "hello", std::vector{1, 2, 3});
  CHECK(said.receive_for(soon) == "hello 1.000000 3");
}

TEST_CASE("a stop request ends a waiting call and the child says its last words", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  bulkhead::queue<std::string> said{rt};
  auto p = rt.spawn(wait_for_stop, q, said);
  p.request_stop();
  CHECK(said.receive_for(soon) == make_error_code(bulkhead::errc::stop_requested).message());
  const auto status = status_of(p);
  CHECK(status.success());
  CHECK(status.cause == bulkhead::death_cause::stopped);
}

TEST_CASE("asking a process to stop whose end is not told yet is no failure", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> entered{rt};
  const auto p = rt.spawn(ignore_stop, entered);
  REQUIRE(entered.receive_for(soon));
  // The runtime's thread is held up, so that it cannot hear of the end.
  std::promise<void> asked;
  std::promise<void> held;
  boost::asio::post(rt.get_executor(), [&] {
    held.set_value();
    asked.get_future().wait();
  });
  held.get_future().wait();
  kill(p.id(), SIGKILL);
  const pid_t pid = p.id();
  REQUIRE(bulkhead_test::eventually([&] { return kill(pid, 0) != 0; }));
  CHECK_NOTHROW(p.request_stop());
  asked.set_value();
  CHECK(p.join_for(soon));
}

TEST_CASE("a function that lets the stop request pass ends cleanly", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  auto p = rt.spawn([](bulkhead::queue<int> from) { static_cast<void>(from.receive()); }, q);
  p.request_stop();
  const auto status = status_of(p);
  CHECK(status.success());
  CHECK(status.cause == bulkhead::death_cause::stopped);
}

TEST_CASE("a stop request that leaves the function unwinds it", "[process]") {
  struct says_goodbye {
    bulkhead::queue<std::string> to;
    ~says_goodbye() { to.send("goodbye"); }
  };
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  bulkhead::queue<std::string> said{rt};
  auto p = rt.spawn(
      [](bulkhead::queue<int> from, bulkhead::queue<std::string> to) {
        const says_goodbye at_end{to};
        static_cast<void>(from.receive());
      },
      q, said);
  p.request_stop();
  CHECK(said.receive_for(soon) == "goodbye");
  CHECK(status_of(p).cause == bulkhead::death_cause::stopped);
}

TEST_CASE("a message that makes its handler throw is a dead letter in the end",
          "[process][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.max_attempts = 2}};
  q.send(7);
  for (int n = 0; n < 2; ++n) {
    const auto status = status_of(rt.spawn(
        [](bulkhead::queue<int> from) {
          from.consume([](int) { throw std::runtime_error("cannot be read"); });
        },
        q));
    CHECK(status.cause == bulkhead::death_cause::exception);
    CHECK(status.code == 1);
    CHECK(status.own_doing());
  }
  const auto letter = q.dead_letters().receive_for(soon);
  REQUIRE(letter);
  CHECK(letter->value == 7);
  CHECK(letter->attempts == 2);
  REQUIRE(letter->reasons.size() == 2);
  for (const auto& reason : letter->reasons) {
    CHECK(reason.cause == bulkhead::death_cause::exception);
  }
  CHECK(q.empty());
}

TEST_CASE("a handle's end asks, waits, and kills", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> entered{rt};
  pid_t pid = 0;
  {
    auto p =
        rt.spawn({.name = "deaf", .shutdown = std::chrono::milliseconds(1)}, ignore_stop, entered);
    pid = p.id();
    REQUIRE(entered.receive_for(soon) == 1);
  }
  CHECK(::kill(pid, 0) == -1);
}

TEST_CASE("a child's stop token fires", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  auto p = rt.spawn(
      [](bulkhead::queue<int> to) {
        const std::stop_token token = this_process::stop_token();
        to.send(1);
        while (!token.stop_requested()) usleep(100);
        to.send(2);
      },
      q);
  REQUIRE(q.receive_for(soon) == 1);
  p.request_stop();
  CHECK(q.receive_for(soon) == 2);
}

TEST_CASE("the host's wait sees neither keeper nor children", "[process]") {
  bulkhead::runtime rt;
  auto p = rt.spawn(nothing);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
  CHECK(status_of(p).success());
}

TEST_CASE("in a forked copy of the host calls fail and destructors do nothing", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt};
  q.send(1);
  bulkhead::queue<int> held{rt};
  held.send(1);
  auto delivery = held.take();
  auto p = rt.spawn(ignore_stop, q);
  const pid_t copy = fork();
  if (copy == 0) {
    std::error_code ec;
    q.send(2, ec);
    bool refused = ec == bulkhead::errc::not_initialised;
    static_cast<void>(q.try_receive(ec));
    refused = refused && ec == bulkhead::errc::not_initialised;
    delivery.forward(q, 3, ec);
    refused = refused && ec == bulkhead::errc::not_initialised;
    refused = refused && is_refused([&] { q.join(); }) && is_refused([&] { p.join(); }) &&
              is_refused([&] { static_cast<void>(p.join_for(soon)); });
    { const bulkhead::queue<int> gone = std::move(q); }
    { const bulkhead::process gone = std::move(p); }
    _exit(refused ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(copy, &status, 0) == copy);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(p.running());
  CHECK(q.receive_for(soon) == 1);
}

TEST_CASE("a child starts children of its own", "[process]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> names{rt};
  auto p = rt.spawn(
      {.name = "outer"},
      [](bulkhead::queue<std::string> to) {
        auto inner = this_process::runtime().spawn(
            {.name = "inner"},
            [](bulkhead::queue<std::string> out) { out.send(this_process::name()); }, to);
        inner.join();
        to.send(this_process::name());
      },
      names);
  CHECK(names.receive_for(soon) == "inner");
  CHECK(names.receive_for(soon) == "outer");
}
