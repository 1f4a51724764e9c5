// Supervisors that are children of a supervisor in the same process.
#include <atomic>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "process/supervisors/nested_support.hpp"

using namespace bulkhead_test;
using bulkhead::supervisor;
using bulkhead::supervisor_options;
namespace events = bulkhead::events;
using words = std::vector<std::string>;

namespace {

const supervisor_options bears_nothing{.intensity = 0};

void never_ready() {
  while (!bulkhead::this_process::stop_requested()) ::usleep(200);
}

}  // namespace

TEST_CASE("a nested supervisor restarts its own children and leaves others alone",
          "[supervisor][nested][crash]") {
  bulkhead::runtime rt;
  hellos said{rt};
  event_log log;
  supervisor sup{rt, {.name = "root"}};
  log.listen_to(sup);
  const auto beside = sup.start({.name = "beside"}, serve, said);
  CHECK(heard(said).name == "beside");
  sup.start_supervisor({.name = "mid"},
                       [&](supervisor& mid) { mid.start({.name = "leaf"}, serve, said); });
  const hello leaf = heard(said);
  ::kill(leaf.pid, SIGKILL);
  CHECK(heard(said).incarnation == 2);
  CHECK(beside.incarnation() == 1);
  CHECK(sup.find_child("mid")->incarnation == 1);
  CHECK(sup.find_child("mid")->kind == bulkhead::child_kind::supervisor);
  CHECK(sup.count_children() == bulkhead::child_count{2, 2, 1, 1, 0});
  CHECK(eventually([&] { return log.has<events::restarting>("root/mid leaf"); }));
  CHECK(log.of<events::started>().at(1) == "root mid");
}

TEST_CASE("a nested supervisor that gives up has failed, and is started again as one child",
          "[supervisor][nested][crash]") {
  bulkhead::runtime rt;
  hellos said{rt};
  event_log log;
  supervisor sup{rt, {.name = "root"}};
  log.listen_to(sup);
  std::atomic<int> built = 0;
  sup.start_supervisor({.name = "mid"}, bears_nothing, [&](supervisor& mid) {
    ++built;
    mid.start({.name = "one"}, serve, said);
    mid.start({.name = "two"}, serve, said);
  });
  auto first = next_hellos(said, 2);
  ::kill(first["one"].pid, SIGKILL);
  // New children of a new supervisor, after the old ones have ended.
  const hello again = heard(said);
  CHECK(again.incarnation == 1);
  CHECK_FALSE(lives(first["two"].pid));
  CHECK(heard(said).incarnation == 1);
  CHECK(eventually([&] { return sup.find_child("mid")->state == bulkhead::child_state::running; }));
  CHECK(sup.find_child("mid")->incarnation == 2);
  CHECK(built == 2);
  CHECK(log.has<events::gave_up>("root/mid one"));
  CHECK(log.of<events::exited>() == words{"root/mid one", "root/mid two", "root mid"});
}

TEST_CASE("giving up goes on through three levels", "[supervisor][nested][crash]") {
  bulkhead::runtime rt;
  hellos said{rt};
  event_log log;
  supervisor sup{rt, {.intensity = 1, .name = "root"}};
  log.listen_to(sup);
  sup.start_supervisor({.name = "mid"}, bears_nothing, [&](supervisor& mid) {
    mid.start_supervisor({.name = "low"}, bears_nothing,
                         [&](supervisor& low) { low.start({.name = "leaf"}, serve, said); });
  });
  ::kill(heard(said).pid, SIGKILL);
  const hello second = heard(said);
  CHECK(second.incarnation == 1);
  CHECK(log.of<events::gave_up>() == words{"root/mid/low leaf", "root/mid low"});
  ::kill(second.pid, SIGKILL);
  const auto reason = sup.join();
  CHECK(reason == bulkhead::end_reason::gave_up);
  CHECK(reason.child == "mid");
  CHECK_THAT(reason.status.text,
             Catch::Matchers::Contains("'root/mid'") && Catch::Matchers::Contains("'low'"));
}

TEST_CASE("a shutdown goes through the nested supervisors in the reverse order",
          "[supervisor][nested]") {
  bulkhead::runtime rt;
  hellos said{rt};
  event_log log;
  supervisor sup{rt, {.name = "root"}};
  log.listen_to(sup);
  static_cast<void>(sup.start({.name = "a"}, serve, said));
  sup.start_supervisor({.name = "mid"}, [&](supervisor& mid) {
    mid.start({.name = "b"}, serve, said);
    mid.start({.name = "c"}, serve, said);
  });
  static_cast<void>(sup.start({.name = "d"}, serve, said));
  sup.shutdown();
  CHECK(log.of<events::exited>() ==
        words{"root d", "root/mid c", "root/mid b", "root mid", "root a"});
  CHECK(sup.join() == bulkhead::end_reason::shutdown);
}

TEST_CASE("a nested supervisor whose building fails is not kept", "[supervisor][nested]") {
  bulkhead::runtime rt;
  hellos said{rt};
  supervisor sup{rt};
  const auto failing = [&](supervisor& mid) {
    mid.start({.name = "leaf"}, serve, said);
    throw std::runtime_error("no configuration");
  };
  try {
    sup.start_supervisor({.name = "mid"}, failing);
    FAIL("it started");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == bulkhead::errc::start_failed);
    CHECK_THAT(failure.what(), Catch::Matchers::Contains("no configuration"));
  }
  CHECK_FALSE(lives(heard(said).pid));
  CHECK_FALSE(sup.find_child("mid").has_value());
  CHECK_THROWS_WITH(
      sup.start_supervisor({.name = "mid", .process = {.directory = "/"}}, [](supervisor&) {}),
      Catch::Matchers::Contains("process must be left out"));
  CHECK_THROWS_WITH(sup.start_supervisor({.name = "mid"}, {.period = std::chrono::seconds(0)},
                                         [](supervisor&) {}),
                    Catch::Matchers::Contains("period"));
}

TEST_CASE("a nested supervisor is stopped while it is being built", "[supervisor][nested]") {
  bulkhead::runtime rt;
  supervisor sup{rt};
  const auto how = GENERATE(bulkhead::shutdown_rule{}, bulkhead::brutal_kill);
  std::atomic<bool> let_go = false;
  std::thread starter([&] {
    try {
      sup.start_supervisor({.name = "mid", .shutdown = how}, [&](supervisor& mid) {
        const auto finally = [](std::atomic<bool>* flag) { *flag = true; };
        const std::unique_ptr<std::atomic<bool>, decltype(finally)> end(&let_go, finally);
        mid.start({.name = "slow", .shutdown = how, .ready = bulkhead::readiness::on_call},
                  never_ready);
      });
    } catch (const bulkhead::error&) {
      // It was stopped while it started.
    }
  });
  const bool began = eventually([&] {
    const auto mid = sup.find_child("mid");
    return mid && mid->state == bulkhead::child_state::starting;
  });
  if (began) sup.terminate_child("mid");
  starter.join();
  REQUIRE(began);
  CHECK(let_go);
  CHECK(sup.find_child("mid")->state == bulkhead::child_state::stopped);
}
