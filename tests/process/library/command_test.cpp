#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <filesystem>
#include <mutex>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead::command;
using bulkhead::stream;
using bulkhead_test::eventually;
using bulkhead_test::soon;

namespace {

std::string worker() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "command_worker")
      .string();
}

struct text_seen {
  std::mutex mutex;
  std::string text;
  stream captured() {
    return stream::lines([this](const bulkhead::output_line& line) {
      const std::lock_guard lock(mutex);
      text += line.text + "\n";
    });
  }
};

// @returns what it wrote to both streams, and its code.
std::pair<std::string, int> run(const command& what) {
  text_seen seen;
  bulkhead::runtime rt;
  const auto child = rt.spawn({.streams = {.out = seen.captured(), .err = seen.captured()}}, what);
  const auto status = child.join_for(soon);
  REQUIRE(status.has_value());
  const std::lock_guard lock(seen.mutex);
  return {seen.text, status->code};
}

}  // namespace

TEST_CASE("a command is any program, with its arguments and its exit code", "[process][command]") {
  CHECK(run({"sh", "-c", "echo \"$1\"; exit 4", "sh", "two words"}) ==
        std::pair<std::string, int>{"two words\n", 4});
}

TEST_CASE("a command inherits no descriptor but its streams", "[process][command]") {
  CHECK(run({"sh", "-c", "ls /proc/self/fd | wc -l"}).first == "4\n");  // and ls's own
}

TEST_CASE("a command that cannot be executed is refused at once", "[process][command]") {
  bulkhead::runtime rt;
  try {
    rt.spawn({.name = "w"}, command{"/no/such/program"});
    FAIL("it was started");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == bulkhead::errc::start_failed);
    CHECK(std::string(failure.what()).find("process 'w': executing '/no/such/program': No such") ==
          0);
    CHECK(failure.status().cause == bulkhead::death_cause::start_failure);
  }
  CHECK_THROWS_AS(command{""}, std::invalid_argument);
}

TEST_CASE("a command's stop request is SIGTERM", "[process][command]") {
  bulkhead::runtime rt;
  const auto child = rt.spawn(command{worker(), "sleep"});
  child.request_stop();
  const auto status = child.join_for(soon);
  REQUIRE(status.has_value());
  CHECK(status->signal == SIGTERM);
  CHECK(status->cause == bulkhead::death_cause::stopped);
}

TEST_CASE("another executable works on typed queues and stops when asked", "[process][command]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> jobs{rt};
  bulkhead::queue<int> results{rt};
  const auto child = rt.spawn(
      command{worker(), "double"}.with("jobs", jobs).with("results", results).with("factor", 3));
  for (int n = 0; n < 100; ++n) jobs.send(n);
  for (int n = 0; n < 100; ++n) CHECK(results.receive_for(soon) == 3 * n);
  child.request_stop();
  const auto status = child.join_for(soon);
  REQUIRE(status.has_value());
  CHECK(status->code == 7);  // its take reported stop_requested
}

TEST_CASE("a pipe end goes to another executable", "[process][command]") {
  bulkhead::runtime rt;
  auto [mine, its] = bulkhead::make_pipe<std::string, std::string>(rt);
  const auto child =
      rt.spawn({.name = "talker"}, command{worker(), "chat"}.with("line", std::move(its)));
  CHECK(mine.receive_for(soon) == "hello from talker");
}

TEST_CASE("a message that a crashed command held comes back", "[process][command][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> jobs{rt};
  jobs.send(5);
  const auto child = rt.spawn(command{worker(), "crash"}.with("jobs", jobs));
  CHECK(child.join_for(soon)->signal == SIGABRT);
  auto again = jobs.take_for(soon);
  REQUIRE(again);
  CHECK(*again == 5);
  CHECK(again.attempt() == 2);
  again.ack();
}

TEST_CASE("a wrong type or name is told with what is there", "[process][command]") {
  bulkhead::runtime rt;
  const bulkhead::queue<int> jobs{rt};
  for (const char* what : {"wrong type", "wrong name"}) {
    text_seen seen;
    const auto child =
        rt.spawn({.streams = {.err = seen.captured()}}, command{worker(), what}.with("jobs", jobs));
    CHECK(child.join_for(soon)->code == 3);
    const std::lock_guard lock(seen.mutex);
    const bool is_type = std::string(what) == "wrong type";
    CHECK(seen.text.find(is_type
                             ? "endpoint 'jobs' is of another type"
                             : "no endpoint 'work' was given to this program; it has 'jobs'") == 0);
  }
}

TEST_CASE("a program that no command of ours started says so", "[process][command]") {
  const auto [text, code] = run({worker(), "double"});
  CHECK(code == 3);
  CHECK(text.find("not started by bulkhead::command") != std::string::npos);
}

TEST_CASE("a supervisor restarts a command with its endpoints", "[process][command][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> jobs{rt};
  bulkhead::queue<int> results{rt};
  bulkhead::supervisor sup{rt};
  const auto child = sup.start(
      {.name = "doubler"},
      command{worker(), "double"}.with("jobs", jobs).with("results", results).with("factor", 2));
  jobs.send(1);
  CHECK(results.receive_for(soon) == 2);
  child.kill();
  jobs.send(2);
  CHECK(results.receive_for(soon) == 4);
  CHECK(eventually([&] { return child.incarnation() == 2; }));
}
