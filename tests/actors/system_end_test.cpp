// The end of a system whose actors are elsewhere, in processes of their own.
#include <bulkhead/actors/spawn_process.hpp>

#include <unistd.h>
#include <atomic>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <iterator>

#include "actors/asking.hpp"
#include "actors/stopped.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"
#include "system_state.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;

namespace {

using pid_atom = caf::atom_constant<caf::atom("pid")>;
using freeze_atom = caf::atom_constant<caf::atom("freeze")>;
using served = actors::accepts<caf::replies_to<pid_atom>::with<int>, caf::reacts_to<freeze_atom>,
                               caf::reacts_to<int>>;

caf::behavior serve(caf::event_based_actor*) {
  return {[](pid_atom) { return static_cast<int>(::getpid()); },
          [](freeze_atom) { ::raise(SIGSTOP); }, [](int) {}};
}

// What the actors that are left behind use, also after the test.
struct blocked {
  gate hold;
  std::atomic<int> pid{0};
  std::atomic<bool> passed{false}, over{false};
};

// Asks, and blocks the thread that brings it the answer.
void block_pump(actors::system& sys, const caf::actor& there, blocked& what) {
  sys.caf().spawn([&what, there](caf::event_based_actor* self) {
    self->request(there, 20s, pid_atom::value).then([&what, there, self](int pid) {
      what.pid = pid;
      what.hold.pass();
      what.passed = true;
      self->send(there, std::string("none of its messages"));
      what.over = true;
    });
  });
  REQUIRE(eventually([&] { return what.pid != 0; }));
}

bool is_gone(int pid) { return ::kill(pid, 0) != 0; }

std::ptrdiff_t threads_here() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return std::distance(begin(all), end(all));
}

}  // namespace

TEST_CASE("an actor that its system left behind can send to one elsewhere",
          "[actors][system][process]") {
  static blocked& what = *new blocked;
  static bulkhead::runtime& rt = *new bulkhead::runtime;
  {
    actors::system sys(rt, actors::system_options{.shutdown = 100ms});
    const caf::actor there =
        actors::spawn_process<served>(sys, {.name = "there", .shutdown = 100ms}, serve);
    block_pump(sys, there, what);
  }
  CHECK_FALSE(what.passed);
  what.hold.open();
  CHECK(eventually([] { return what.over.load(); }));
  CHECK(eventually([] { return is_gone(what.pid); }));
}

TEST_CASE("a system ends in its time though one that it asks to end has a full lane",
          "[actors][system][process]") {
  static blocked& what = *new blocked;
  static bulkhead::runtime& rt = *new bulkhead::runtime;
  {
    actors::system sys(rt, actors::system_options{.shutdown = 100ms});
    const caf::actor there =
        actors::spawn_process<served>(sys, {.name = "there", .shutdown = 100ms}, serve);
    block_pump(sys, there, what);
    std::atomic<bool> sent{false};
    sys.caf().spawn([&, there](caf::event_based_actor* self) {
      self->send(there, freeze_atom::value);
      for (int n = 0; n < 40'000; ++n) self->send(there, n);
      sent = true;
    });
    REQUIRE(eventually([&] { return sent.load(); }));
    REQUIRE(eventually([] { return is_stopped(what.pid); }));
    sys.state().end_with_system(caf::actor_cast<caf::strong_actor_ptr>(there));
  }
  CHECK_FALSE(what.passed);
  what.hold.open();
  CHECK(eventually([] { return is_gone(what.pid); }));
}

namespace {

using lent = caf::typed_actor<caf::replies_to<pid_atom>::with<int>>;
using keeping = caf::typed_actor<caf::replies_to<lent>::with<int>>;

lent::behavior_type say_pid(lent::pointer) {
  return {[](pid_atom) { return static_cast<int>(::getpid()); }};
}

keeping::behavior_type keep_one(keeping::pointer) {
  const auto kept = std::make_shared<lent>();
  return {[kept](const lent& one) {
    *kept = one;
    return 1;
  }};
}

}  // namespace

TEST_CASE("a system ends in its time though processes that others have handles of do not stop",
          "[actors][system][process]") {
  asking s;
  const keeping keeper = actors::spawn_process<keeping>(s.sys, {.name = "keeping"}, keep_one);
  const auto threads = threads_here();
  std::vector<int> pids;
  for (int n = 0; n < 2; ++n) {
    const lent other =
        actors::spawn_process<lent>(s.sys, {.name = "other", .shutdown = 20s}, say_pid);
    pids.push_back(s.ask<int>(other, pid_atom::value));
    REQUIRE(s.ask<int>(keeper, other) == 1);
  }
  REQUIRE(eventually([&] { return threads_here() == threads; }));
  for (const int pid : pids) ::kill(pid, SIGSTOP);
  auto ended = std::async(std::launch::async, [&] { return s.sys.shutdown_for(500ms); });
  CHECK(ended.wait_for(patience) == std::future_status::ready);
  for (const int pid : pids) CHECK(eventually([&] { return is_gone(pid); }));
}
