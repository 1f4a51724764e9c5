#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <mutex>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead::restart;
using bulkhead_test::eventually;
using bulkhead_test::soon;
namespace this_process = bulkhead::this_process;

namespace {

// Tells its incarnation, and its end when it is asked to stop.
void serve(bulkhead::queue<std::string> said) {
  said.send(this_process::name() + " " + std::to_string(this_process::incarnation()));
  while (!this_process::stop_requested()) usleep(200);
  said.send(this_process::name() + " stops");
}

void count_up(bulkhead::queue<int> to, int end) {
  for (auto n = static_cast<int>(to.sent()); n < end; ++n) to.send(n);
}

void leave_with(int code) { std::exit(code); }

bulkhead::supervisor_options any_number() { return {.intensity = bulkhead::unlimited}; }

}  // namespace

TEST_CASE("a killed child is started again and its handle shows the new process",
          "[supervisor][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  bulkhead::supervisor sup{rt};
  auto child = sup.start({.name = "server"}, serve, said);
  REQUIRE(said.receive_for(soon) == "server 1");
  const pid_t first = child.id();
  child.kill();
  CHECK(said.receive_for(soon) == "server 2");
  // The new process may speak before its supervisor has heard that it is there.
  CHECK(eventually([&] { return child.incarnation() == 2; }));
  CHECK(child.id() != first);
  CHECK(child.running());
}

TEST_CASE("a source goes on where its killed predecessor stopped", "[supervisor][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> q{rt, {.capacity = 8}};
  bulkhead::supervisor sup{rt, any_number()};
  constexpr int end = 2000;
  auto source =
      sup.start({.name = "source", .restart = restart::transient, .backoff = bulkhead::no_backoff},
                count_up, q, end);
  bool in_order = true;
  std::uint64_t killed = 0;
  for (int n = 0; n < end; ++n) {
    in_order = in_order && q.receive_for(soon) == n;
    if (n % 100 != 50) continue;
    // The full queue holds it back meanwhile, so it cannot come to its end.
    source.kill();
    ++killed;
    REQUIRE(eventually([&] { return source.incarnation() == killed + 1; }));
  }
  CHECK(in_order);
  CHECK(source.join_for(soon).has_value());
  CHECK(q.empty());
}

TEST_CASE("children stop in the reverse of their order", "[supervisor]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  std::vector<std::string> stopped;  // on the runtime's thread, before shutdown returns
  bulkhead::supervisor sup{rt};
  sup.on_event([&](const bulkhead::supervision_event& event) {
    if (std::holds_alternative<bulkhead::events::stopped>(event.what))
      stopped.push_back(event.child);
  });
  for (const char* name : {"a", "b", "c"}) {
    static_cast<void>(sup.start({.name = name}, serve, said));
    REQUIRE(said.receive_for(soon) == std::string(name) + " 1");
  }
  sup.shutdown();
  CHECK(stopped == std::vector<std::string>{"c", "b", "a"});
  int words = 0;
  while (said.try_receive()) ++words;
  CHECK(words == 3);
  CHECK(sup.join() == bulkhead::end_reason::shutdown);
}

TEST_CASE("a supervisor gives up after intensity and says why", "[supervisor][crash]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, {.intensity = 3}};
  auto child = sup.start({.name = "broken", .backoff = bulkhead::no_backoff}, leave_with, 9);
  const auto reason = sup.join();
  CHECK(reason == bulkhead::end_reason::gave_up);
  CHECK(reason.history.size() == 4);
  CHECK(reason.status.code == 9);
  CHECK(child.join().code == 9);
  CHECK(child.incarnation() == 4);
}

TEST_CASE("a child is terminated, started again and deleted by name", "[supervisor]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  bulkhead::supervisor sup{rt};
  static_cast<void>(sup.start({.name = "server"}, serve, said));
  REQUIRE(said.receive_for(soon) == "server 1");
  CHECK_THROWS_AS(sup.delete_child("server"), bulkhead::error);
  CHECK_THROWS_AS(sup.start({.name = "server"}, serve, said), bulkhead::error);
  sup.terminate_child("server");
  CHECK(said.receive_for(soon) == "server stops");
  CHECK(sup.count_children().active == 0);
  sup.restart_child("server");
  CHECK(said.receive_for(soon) == "server 2");
  sup.terminate_child("server");
  sup.delete_child("server");
  CHECK(sup.which_children().empty());
  CHECK_THROWS_AS(sup.terminate_child("server"), std::invalid_argument);
}

TEST_CASE("events tell a child's life in order", "[supervisor]") {
  bulkhead::runtime rt;
  std::mutex mutex;
  std::vector<std::size_t> kinds;
  {
    bulkhead::supervisor sup{rt};
    sup.on_event([&](const bulkhead::supervision_event& event) {
      const std::lock_guard lock(mutex);
      kinds.push_back(event.what.index());
    });
    auto child = sup.start({.name = "one", .restart = restart::transient}, [] {});
    REQUIRE(child.join_for(soon).has_value());
  }
  const std::lock_guard lock(mutex);
  REQUIRE(kinds.size() >= 3);
  CHECK(std::vector(kinds.begin(), kinds.begin() + 3) ==
        std::vector<std::size_t>{0, 1, 2});  // started, ready, exited
}

TEST_CASE("a strategy restarts the children that it names", "[supervisor][crash]") {
  using bulkhead::strategy;
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  const auto how = GENERATE(strategy::one_for_all, strategy::rest_for_one);
  std::mutex mutex;
  std::vector<std::string> ended;  // in the order of their ends
  bulkhead::supervisor sup{rt, {.strategy = how}};
  auto first = sup.start({.name = "first"}, serve, said);
  auto second = sup.start({.name = "second"}, serve, said);
  auto third = sup.start({.name = "third"}, serve, said);
  for (int n = 0; n < 3; ++n) REQUIRE(said.receive_for(soon));
  sup.on_event([&](const bulkhead::supervision_event& e) {
    const std::lock_guard lock(mutex);
    if (std::holds_alternative<bulkhead::events::exited>(e.what)) ended.push_back(e.child);
  });
  second.kill();
  const bool all = how == strategy::one_for_all;
  std::set<std::string> expected{"third stops", "second 2", "third 2"};
  if (all) expected.insert({"first stops", "first 2"});
  // Of different processes, so in any order.
  std::set<std::string> heard;
  while (heard.size() < expected.size()) {
    const auto word = said.receive_for(soon);
    REQUIRE(word);
    heard.insert(*word);
  }
  CHECK(heard == expected);
  {
    const std::lock_guard lock(mutex);
    const std::vector<std::string> order =
        all ? std::vector<std::string>{"second", "third", "first"}
            : std::vector<std::string>{"second", "third"};
    CHECK(ended == order);
  }
  CHECK(eventually([&] { return third.incarnation() == 2; }));
  CHECK(eventually([&] { return first.incarnation() == (all ? 2u : 1u); }));
}
