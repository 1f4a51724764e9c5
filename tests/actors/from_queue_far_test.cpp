// Queues into actors of other processes.
#include <bulkhead/actors/actors.hpp>

#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

#include "actors/asking.hpp"
#include "actors/stopped.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
namespace actors = bulkhead::actors;

namespace {

using pid_atom = caf::atom_constant<caf::atom("pid")>;
using sum_atom = caf::atom_constant<caf::atom("sum")>;
using taker = caf::typed_actor<caf::reacts_to<std::string>, caf::replies_to<sum_atom>::with<int>,
                               caf::replies_to<pid_atom>::with<int>>;

constexpr std::size_t mebi = std::size_t{1} << 20;

taker::behavior_type count(taker::pointer) {
  const auto seen = std::make_shared<int>(0);
  return {[seen](const std::string& text) {
            if (text == "die") ::raise(SIGKILL);
            ++*seen;
          },
          [seen](sum_atom) { return *seen; },
          [](pid_atom) { return static_cast<int>(::getpid()); }};
}

struct far_scene : asking {
  bulkhead::queue<std::string> from{rt, {.payload_bytes = 32 * mebi}};

  int stop(const taker& there) {
    const int pid = ask<int>(there, pid_atom::value);
    ::kill(pid, SIGSTOP);
    REQUIRE(eventually([&] { return is_stopped(pid); }));
    return pid;
  }
  void fill(int times) {
    for (int n = 0; n < times; ++n) from.send(std::string(mebi, 'x'));
  }
};

}  // namespace

TEST_CASE("a feed whose actor's process takes nothing is destroyed all the same",
          "[actors][process]") {
  far_scene s;
  const std::size_t kept = GENERATE(std::size_t{64} << 20, std::size_t{1} << 20);
  actors::system sys(s.rt, {.kept_bytes = kept});
  const taker there = actors::spawn_process<taker>(sys, {.name = "taker"}, count);
  const int pid = s.stop(there);
  s.fill(8);
  auto feed = std::make_unique<actors::feed>(actors::from_queue(sys, s.from, there));
  // The first has more than the lane has room for.
  REQUIRE(eventually([&] { return s.from.size() < 8; }));
  std::atomic<bool> gone{false};
  std::thread destroys([&] {
    feed.reset();
    gone = true;
  });
  CHECK(eventually([&] { return gone.load(); }));
  ::kill(pid, SIGCONT);
  destroys.join();
  // All that it had comes again.
  s.from.close();
  actors::from_queue(sys, s.from, there).join();
  CHECK(s.ask<int>(there, sum_atom::value) >= 8);
}

TEST_CASE("a feed waits for an actor elsewhere that has no room", "[actors][process]") {
  far_scene s;
  actors::system sys(s.rt, {.kept_bytes = mebi});
  const taker there = actors::spawn_process<taker>(sys, {.name = "taker"}, count);
  const int pid = s.stop(there);
  s.fill(8);
  s.from.close();
  auto feed = actors::from_queue(sys, s.from, there);
  REQUIRE(eventually([&] { return s.from.size() < 8; }));
  ::kill(pid, SIGCONT);
  std::error_code ec;
  feed.join(ec);
  CHECK_FALSE(ec);
  CHECK(s.ask<int>(there, sum_atom::value) == 8);
}

TEST_CASE("a feed says how the process of its actor ended", "[actors][process][crash]") {
  far_scene s;
  std::string what;
  std::error_code code;
  const auto join = [&](const actors::feed& feed) {
    try {
      feed.join();
    } catch (const bulkhead::error& e) {
      what = e.what();
      code = e.code();
    }
  };
  s.from.send("die");
  s.from.close();
  const bool is_started_again = GENERATE(false, true);
  bulkhead::supervisor sup{s.rt, {.intensity = bulkhead::unlimited}};
  const taker there = is_started_again
                          ? actors::spawn_process<taker>(s.sys, sup, {.name = "taker"}, count)
                          : actors::spawn_process<taker>(s.sys, {.name = "taker"}, count);
  join(actors::from_queue(s.sys, s.from, there));
  INFO(what);
  CHECK(code == actors::feed_errc::actor_down);
  CHECK(what.find("SIGKILL") != std::string::npos);
}
