#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <memory>
#include <mutex>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead::errc;
using bulkhead::readiness;
using bulkhead_test::eventually;
using bulkhead_test::soon;
namespace this_process = bulkhead::this_process;

namespace {

// Is up when it is told to be; ends when it is asked to.
void be_ready_when_told(bulkhead::queue<int> told) {
  static_cast<void>(told.receive());
  this_process::ready();
  while (!this_process::stop_requested()) usleep(200);
}

void never_ready(bulkhead::queue<int> entered) {
  entered.send(::getpid());
  for (;;) ::pause();
}

void die_before_ready() { std::exit(9); }

void tell_directory(bulkhead::queue<std::string> to) {
  char room[256];
  to.send(::getcwd(room, sizeof room));
  while (!this_process::stop_requested()) usleep(200);
}

bulkhead::error start_of(bulkhead::supervisor& sup, const bulkhead::child_spec& spec,
                         const bulkhead::command& what) {
  try {
    sup.start(spec, what);
  } catch (const bulkhead::error& failure) {
    return failure;
  }
  return {errc::closed, "it started"};
}

}  // namespace

TEST_CASE("start returns when the child says that it is ready", "[supervisor][ready]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> told{rt};
  std::mutex mutex;
  std::vector<std::string> seen;
  bulkhead::supervisor sup{rt};
  sup.on_event([&](const bulkhead::supervision_event& event) {
    const std::lock_guard lock(mutex);
    if (std::holds_alternative<bulkhead::events::started>(event.what)) {
      seen.emplace_back("started");
      told.send(1);
    }
    if (std::holds_alternative<bulkhead::events::ready>(event.what)) seen.emplace_back("ready");
  });
  const auto child =
      sup.start({.name = "slow", .ready = readiness::on_call}, be_ready_when_told, told);
  CHECK(told.empty());  // it had been told when start returned
  CHECK(eventually([&] {
    const std::lock_guard lock(mutex);
    return seen == std::vector<std::string>{"started", "ready"};
  }));
}

TEST_CASE("a child that is not ready in time is killed and its start fails",
          "[supervisor][ready]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> entered{rt};
  bulkhead::supervisor sup{rt};
  try {
    sup.start({.name = "mute",
               .ready = readiness::on_call,
               .start_timeout = std::chrono::milliseconds(300)},
              never_ready, entered);
    FAIL("it started");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == errc::start_failed);
    CHECK(std::string(failure.what()).find("child 'mute'") == 0);
  }
  const auto pid = entered.receive_for(soon);
  REQUIRE(pid.has_value());
  CHECK(::kill(*pid, 0) == -1);
  CHECK(sup.count_children().specifications == 0);
}

// It would be told on the runtime's thread, which is no more.
TEST_CASE("a start that is waited for ends with its runtime", "[supervisor][ready]") {
  auto rt = std::make_unique<bulkhead::runtime>();
  bulkhead::queue<int> entered{*rt};
  bulkhead::supervisor sup{*rt};
  std::error_code why;
  std::thread starter([&] {
    try {
      sup.start({.name = "never ready", .ready = readiness::on_call, .start_timeout = soon * 2},
                never_ready, entered);
    } catch (const bulkhead::error& failure) {
      why = failure.code();
    }
  });
  REQUIRE(entered.receive_for(soon).has_value());
  rt.reset();
  starter.join();
  CHECK(why == bulkhead::errc::runtime_gone);
}

TEST_CASE("a child that ends before it is ready has not started", "[supervisor][ready]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  try {
    sup.start({.name = "brief", .ready = readiness::on_call}, die_before_ready);
    FAIL("it started");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.status().code == 9);
  }
}

TEST_CASE("a supervised process gets its options at every start", "[supervisor][options][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  bulkhead::supervisor sup{rt};
  const auto child =
      sup.start({.name = "there", .process = {.directory = "/proc"}}, tell_directory, said);
  CHECK(said.receive_for(soon) == "/proc");
  child.kill();
  CHECK(said.receive_for(soon) == "/proc");
}

TEST_CASE("a supervised command that cannot be executed is a failed start",
          "[supervisor][command]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  const auto failure = start_of(sup, {.name = "none"}, bulkhead::command{"/no/such/program"});
  CHECK(failure.code() == errc::start_failed);
  CHECK(failure.status().cause == bulkhead::death_cause::start_failure);
  CHECK(failure.status().text.find("/no/such/program") != std::string::npos);
}

TEST_CASE("a child's process options are refused by their field", "[supervisor][options]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  CHECK_THROWS_WITH(sup.start({.name = "c", .process = {.nice = 50}}, die_before_ready),
                    "child 'c': process.nice must be between -20 and 19");
  CHECK_THROWS_AS(sup.start({.name = "c", .process = {.name = "d"}}, die_before_ready),
                  std::invalid_argument);
  CHECK(sup.count_children().specifications == 0);
}
