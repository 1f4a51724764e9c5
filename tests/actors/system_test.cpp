#include <bulkhead/actors/system.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <bulkhead/errc.hpp>
#include <set>

#include "actors/feed_fixture.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::actors::detail::system_state;
using clock_type = std::chrono::steady_clock;

namespace {

std::unique_ptr<system_state> make_system(std::chrono::milliseconds shutdown) {
  static bulkhead::runtime idle;  // nothing here is sent to another process
  return std::make_unique<system_state>(idle, feed_fixture::config(),
                                        bulkhead::actors::system_options{.shutdown = shutdown});
}

bulkhead::actors::feed feed_into(system_state& system, const std::shared_ptr<memory_queue>& from,
                                 const item_actor& actor) {
  return bulkhead::actors::feed(system.add_feed(std::make_unique<memory_input>(from),
                                                caf::actor_cast<caf::strong_actor_ptr>(actor), 4));
}

// True when it takes no more feeds.
bool is_ending(system_state& system, const std::shared_ptr<memory_queue>& from,
               const item_actor& actor) {
  try {
    feed_into(system, from, actor);
  } catch (const bulkhead::error&) {
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a system without actors ends at once", "[actors][unit]") {
  auto system = make_system(std::chrono::seconds(60));
  const auto start = clock_type::now();
  CHECK(system->end().gone);
  CHECK(clock_type::now() - start < std::chrono::seconds(5));
}

TEST_CASE("a system's end asks the fed actors to exit, although somebody holds them",
          "[actors][unit]") {
  item_actor kept;
  bulkhead::actors::feed running;
  auto from = std::make_shared<memory_queue>(3);
  {
    auto system = make_system(std::chrono::seconds(60));
    kept = system->caf().spawn(
        [](item_actor::pointer) -> item_actor::behavior_type { return {[](const item&) {}}; });
    running = feed_into(*system, from, kept);
    REQUIRE(eventually([&] { return from->acknowledged() == numbers(3); }));
    CHECK(system->end().gone);
  }
  CHECK(error_of(running) == bulkhead::errc::runtime_gone);
  CHECK(from->leased().empty());
}

TEST_CASE(
    "a system's end lets a handler finish, whose message is acknowledged, and releases the rest",
    "[actors][unit]") {
  auto system = make_system(std::chrono::seconds(60));
  auto from = std::make_shared<memory_queue>(20);
  auto nothing = std::make_shared<memory_queue>(0);
  gate hold;
  record seen;
  auto sink = system->caf().spawn([&](item_actor::pointer) -> item_actor::behavior_type {
    return {[&](const item& i) {
      seen.add(i.number);
      hold.pass();
    }};
  });
  auto running = feed_into(*system, from, sink);
  REQUIRE(eventually([&] { return seen.all() == numbers(1) && from->leased().size() == 4; }));
  // How much the actor still sees of what it has is a race; that each message is either handled and
  // acknowledged or released is not.
  std::thread opening([&] {
    CHECK(eventually([&] { return is_ending(*system, nothing, sink); }));
    hold.open();
  });
  CHECK(system->end().gone);
  opening.join();
  CHECK(from->acknowledged() == seen.all());
  auto settled = from->acknowledged();
  const auto released = from->released();
  settled.insert(settled.end(), released.begin(), released.end());
  CHECK(std::set<int>(settled.begin(), settled.end()).size() == settled.size());
  CHECK(settled.size() == static_cast<std::size_t>(from->takes()));
}

TEST_CASE("a system's end is bounded although an actor is blocked", "[actors][unit]") {
  // Never destroyed: the actor that is left behind uses them after the test.
  static gate& hold = *new gate;
  static record& seen = *new record;
  auto system = make_system(std::chrono::milliseconds(200));
  auto from = std::make_shared<memory_queue>(20);
  auto sink = system->caf().spawn([](item_actor::pointer) -> item_actor::behavior_type {
    return {[](const item& i) {
      seen.add(i.number);
      hold.pass();
    }};
  });
  auto running = feed_into(*system, from, sink);
  REQUIRE(eventually([&] { return seen.all() == numbers(1) && from->leased().size() == 4; }));
  const auto start = clock_type::now();
  const auto end = system->end();
  CHECK_FALSE(end.gone);
  CHECK(end.actors_left == 1);
  CHECK(clock_type::now() - start < std::chrono::seconds(5));
  CHECK(error_of(running) == bulkhead::errc::runtime_gone);
  CHECK(from->released() == numbers(4));
  CHECK(from->acknowledged().empty());
  CHECK(system->end().gone);
  CHECK_THROWS_AS(feed_into(*system, from, sink), bulkhead::error);
  hold.open();
}

TEST_CASE("a system's end is bounded although another thread that spawned an actor still runs",
          "[actors][unit]") {
  auto system = make_system(std::chrono::milliseconds(200));
  gate hold;
  std::atomic<bool> spawned = false;
  std::thread other([&] {
    system->caf().spawn(
        [](item_actor::pointer) -> item_actor::behavior_type { return {[](const item&) {}}; });
    spawned = true;
    hold.pass();
  });
  REQUIRE(eventually([&] { return spawned.load(); }));
  const auto end = system->end();
  // With CAF 0.17 that thread refers to the system's logger.
  CHECK(end.gone == !BULKHEAD_CAF_0_17);
  CHECK(end.actors_left == 0);
  hold.open();
  other.join();
}

TEST_CASE("a system may end in another thread than the one that made it", "[actors][unit]") {
  std::unique_ptr<system_state> system;
  gate hold;
  std::atomic<bool> made = false;
  std::thread maker([&] {
    system = make_system(std::chrono::seconds(2));
    made = true;
    hold.pass();
  });
  REQUIRE(eventually([&] { return made.load(); }));
  CHECK(system->end().gone);
  hold.open();
  maker.join();
}

TEST_CASE("a forked copy of the process destroys feeds and systems without a wait",
          "[actors][unit]") {
  auto system = make_system(std::chrono::seconds(60));
  auto from = std::make_shared<memory_queue>(0);
  auto sink = system->caf().spawn(
      [](item_actor::pointer) -> item_actor::behavior_type { return {[](const item&) {}}; });
  auto running = feed_into(*system, from, sink);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(10);
    const bool refused = error_of(running) == bulkhead::errc::not_initialised;
    running = {};
    ::_exit(refused && system->end().gone ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  from->close();
  running.join();
}

TEST_CASE("the threads of a system and of a feed take no signals of the host", "[actors][unit]") {
  auto system = make_system(std::chrono::seconds(5));
  auto from = std::make_shared<memory_queue>(1);
  std::atomic<int> blocked = -1;
  auto sink = system->caf().spawn([&](item_actor::pointer) -> item_actor::behavior_type {
    return {[&](const item&) {
      sigset_t mask;
      ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      blocked = sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGCHLD) == 1 ? 1 : 0;
    }};
  });
  from->close();
  feed_into(*system, from, sink).join();
  CHECK(blocked == 1);
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGINT) == 0);
  sink = nullptr;
  CHECK(system->end().gone);
}
