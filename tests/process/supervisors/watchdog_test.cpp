// Supervised children with a watchdog: which are ended, how, and what becomes of what they held.
#include <thread>

#include "process/supervisors/watchdog_support.hpp"

using namespace bulkhead_test;
using bulkhead::death_cause;
using bulkhead::queue;
using bulkhead::supervisor;
namespace events = bulkhead::events;
namespace this_process = bulkhead::this_process;

namespace {

// A supervisor whose children say hello, and what became of them.
struct scene {
  scene() { log.listen_to(sup); }

  bulkhead::runtime rt;
  hellos said{rt};
  end_log log;
  supervisor sup{rt, bears_all};
};

void ignore_abort_and_hang(hellos said) {
  std::signal(SIGABRT, SIG_IGN);
  hang_once(said);
}

// Hangs with a message in its hands, and lets nobody hurry it.
void hang_with_lease(queue<int> jobs) {
  if (this_process::incarnation() > 1) {
    for (;;) static_cast<void>(jobs.receive());
  }
  std::signal(SIGABRT, SIG_IGN);
  const auto job = jobs.take();
  spin();
}

void hang_in_a_handler(hellos said) {
  queue<int> q{this_process::runtime()};
  q.send(1);
  say_hello(said);
  if (this_process::incarnation() == 1) {
    q.async_receive([](const boost::system::error_code&, int) {
      this_process::heartbeat();
      spin();
    });
  }
  queue<int> never{this_process::runtime()};
  static_cast<void>(never.receive());
}

}  // namespace

TEST_CASE("a child that gives no sign of life is aborted, and started again",
          "[supervisor][watchdog][crash]") {
  scene s;
  s.sup.start(
      {.name = "worker", .restart = bulkhead::restart::transient, .watchdog = watched_patience},
      hang_once, s.said);
  CHECK(heard(s.said).incarnation == 1);
  CHECK(heard(s.said).incarnation == 2);
  const auto end = s.log.first();
  CHECK(s.log.hangs() == 1);
  CHECK(end.cause == death_cause::watchdog);
  CHECK(end.signal == SIGABRT);
  CHECK(end.own_doing());
}

TEST_CASE("one that is stopped in its work expires, and ends at once",
          "[supervisor][watchdog][crash]") {
  scene s;
  s.sup.start(
      {.name = "worker", .watchdog = watched_patience},
      [](hellos to) {
        say_hello(to);
        while (!this_process::stop_requested()) this_process::heartbeat();
      },
      s.said);
  ::kill(heard(s.said).pid, SIGSTOP);
  CHECK(heard(s.said).incarnation == 2);
  CHECK(s.log.first().cause == death_cause::watchdog);
  CHECK(s.log.first().signal == SIGABRT);
}

TEST_CASE("one that will not abort is killed after a grace", "[supervisor][watchdog][crash]") {
  scene s;
  s.sup.start({.name = "worker", .watchdog = watched_patience}, ignore_abort_and_hang, s.said);
  CHECK(heard(s.said).incarnation == 1);
  CHECK(heard(s.said).incarnation == 2);
  CHECK(s.log.first().cause == death_cause::watchdog);
  CHECK(s.log.first().signal == SIGKILL);
}

TEST_CASE("what a hung child holds comes back when it has ended, not before",
          "[supervisor][watchdog][crash]") {
  bulkhead::runtime rt;
  queue<int> jobs{rt};
  std::atomic<pid_t> hung = 0;
  std::atomic<bool> was_there_before = false;
  supervisor sup{rt, bears_all};
  sup.on_event([&](const bulkhead::supervision_event& event) {
    if (!std::holds_alternative<events::hung>(event.what)) return;
    // It has another second to live.
    was_there_before = static_cast<bool>(jobs.try_take());
    hung = event.pid;
  });
  jobs.send(7);
  sup.start(
      {.name = "worker", .restart = bulkhead::restart::temporary, .watchdog = watched_patience},
      hang_with_lease, jobs);
  REQUIRE(eventually([&] { return hung != 0; }));
  CHECK_FALSE(was_there_before);
  auto again = jobs.take_for(soon);
  REQUIRE(again);
  CHECK(again.attempt() == 2);
  CHECK_FALSE(lives(hung));
  again.ack();
}

TEST_CASE("to hang is a message's attempt", "[supervisor][watchdog][crash]") {
  bulkhead::runtime rt;
  queue<int> jobs{rt, {.max_attempts = 1}};
  supervisor sup{rt, bears_all};
  jobs.send(7);
  sup.start({.name = "worker", .watchdog = watched_patience}, hang_with_lease, jobs);
  auto letters = jobs.dead_letters();
  const auto letter = letters.receive_for(soon);
  REQUIRE(letter);
  CHECK(letter->value == 7);
  REQUIRE(letter->reasons.size() == 1);
  CHECK(letter->reasons.front().cause == death_cause::watchdog);
}

TEST_CASE("a handler that hangs on the runtime's thread is a hang, though the main thread waits",
          "[supervisor][watchdog][crash]") {
  scene s;
  s.sup.start({.name = "worker", .watchdog = watched_patience}, hang_in_a_handler, s.said);
  CHECK(heard(s.said).incarnation == 1);
  CHECK(heard(s.said).incarnation == 2);
  CHECK(s.log.first().cause == death_cause::watchdog);
}
