// Supervised children run again after their keeper's death, and nobody's failure is counted.
#include <unistd.h>

#include <algorithm>
#include <bulkhead/bulkhead.hpp>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "process/library/waits.hpp"
#include "process/succession/keepers.hpp"
#include "support/catch.hpp"

using bulkhead::death_cause;
using bulkhead::queue;
using bulkhead::strategy;
using bulkhead_test::eventually;
using bulkhead_test::kill_keeper;
using bulkhead_test::soon;
namespace events = bulkhead::events;
namespace this_process = bulkhead::this_process;

namespace {

void serve(queue<std::string> said) {
  said.send(this_process::name() + " " + std::to_string(this_process::incarnation()));
  while (!this_process::stop_requested()) ::usleep(200);
}

// Says it once its own child is up.
void serve_with_child(queue<std::string> said) {
  auto own = this_process::runtime().spawn({.name = "own child"}, serve, said);
  serve(said);
}

void count_up(queue<int> to, int end) {
  for (auto n = static_cast<int>(to.sent()); n < end; ++n) to.send(n);
}

std::vector<std::string> hear(queue<std::string>& said, std::size_t count) {
  std::vector<std::string> all;
  while (all.size() < count) {
    auto text = said.receive_for(soon);
    if (!text) break;
    all.push_back(*text);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("all supervised children run again, whatever the strategy, and no failure is counted",
          "[process][succession][supervisor][crash]") {
  const auto how = GENERATE(strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one);
  bulkhead::runtime rt;
  queue<std::string> said{rt};
  // Before the supervisor, whose end it hears of.
  std::mutex mutex;
  std::vector<bulkhead::supervision_event> seen;
  // The first failure would end it.
  bulkhead::supervisor sup{rt, {.strategy = how, .intensity = 0}};
  sup.on_event([&](const bulkhead::supervision_event& event) {
    const std::lock_guard lock(mutex);
    seen.push_back(event);
  });
  const bulkhead::restart_budget none{.intensity = 0};
  auto a = sup.start({.name = "a", .budget = none}, serve, said);
  auto b = sup.start({.name = "b", .restart = bulkhead::restart::transient}, serve, said);
  REQUIRE(hear(said, 2) == std::vector<std::string>{"a 1", "b 1"});
  for (int n = 2; n < 6; ++n) {
    REQUIRE(kill_keeper() != 0);
    const std::string number = std::to_string(n);
    REQUIRE(hear(said, 2) == std::vector<std::string>{"a " + number, "b " + number});
  }
  CHECK_FALSE(sup.ended());
  REQUIRE(eventually([&] { return a.running() && b.running(); }));
  const std::lock_guard lock(mutex);
  for (const auto& event : seen) {
    CHECK_FALSE(std::holds_alternative<events::gave_up>(event.what));
    if (const auto* end = std::get_if<events::exited>(&event.what)) {
      CHECK(end->status.cause == death_cause::parent_gone);
    }
    if (const auto* again = std::get_if<events::restarting>(&event.what)) {
      CHECK(again->attempt == 0);
      CHECK(again->delay.count() == 0);
    }
  }
}

TEST_CASE("a supervised source counts on over its keepers' deaths",
          "[process][succession][supervisor][crash]") {
  bulkhead::runtime rt;
  queue<int> q{rt, {.capacity = 8}};
  bulkhead::supervisor sup{rt, {.intensity = 0}};
  constexpr int end = 1000;
  auto source =
      sup.start({.name = "source", .restart = bulkhead::restart::transient}, count_up, q, end);
  bool in_order = true;
  for (int n = 0; n < end; ++n) {
    in_order = in_order && q.receive_for(soon) == n;
    if (n % 100 == 50) REQUIRE(kill_keeper() != 0);
  }
  CHECK(in_order);
  REQUIRE(source.join_for(soon));
  CHECK(q.empty());
}

TEST_CASE("what a child started ends with the keeper, and its next incarnation starts it again",
          "[process][succession][supervisor][crash]") {
  bulkhead::runtime rt;
  queue<std::string> said{rt};
  bulkhead::supervisor sup{rt, {.intensity = 0}};
  auto parent = sup.start({.name = "parent"}, serve_with_child, said);
  REQUIRE(hear(said, 2) == std::vector<std::string>{"own child 1", "parent 1"});
  REQUIRE(kill_keeper() != 0);
  CHECK(hear(said, 2) == std::vector<std::string>{"own child 1", "parent 2"});
}

TEST_CASE("a temporary child is not started again", "[process][succession][supervisor][crash]") {
  bulkhead::runtime rt;
  queue<std::string> said{rt};
  bulkhead::supervisor sup{rt, {.intensity = 0}};
  auto once = sup.start({.name = "once", .restart = bulkhead::restart::temporary}, serve, said);
  REQUIRE(hear(said, 1).size() == 1);
  REQUIRE(kill_keeper() != 0);
  REQUIRE(once.join_for(soon));
  CHECK(once.join().cause == death_cause::parent_gone);
  CHECK(eventually([&] { return sup.which_children().empty(); }));
}

TEST_CASE("dynamic children run again", "[process][succession][supervisor][crash]") {
  bulkhead::runtime rt;
  queue<std::string> said{rt};
  bulkhead::supervisor sup{rt, {.strategy = strategy::dynamic, .intensity = 0}};
  const auto servers = sup.specify({.name = "s"}, serve, said);
  for (int n = 0; n < 10; ++n) servers.start();
  REQUIRE(hear(said, 10).size() == 10);
  REQUIRE(kill_keeper() != 0);
  const auto again = hear(said, 10);
  REQUIRE(again.size() == 10);
  for (const std::string& text : again) CHECK(text.back() == '2');
}

TEST_CASE("a child that is being stopped when the keeper dies is stopped, not started again",
          "[process][succession][supervisor][crash]") {
  bulkhead::runtime rt;
  queue<std::string> said{rt};
  bulkhead::supervisor sup{rt, {.intensity = 0}};
  auto child = sup.start(
      {.name = "s", .shutdown = bulkhead::infinity},
      [](queue<std::string> to) {
        to.send("up");
        for (;;) ::pause();
      },
      said);
  REQUIRE(hear(said, 1).size() == 1);
  std::thread stop([&] { sup.terminate_child("s"); });
  REQUIRE(eventually([&] {
    const auto info = sup.find_child("s");
    return info && info->state == bulkhead::child_state::stopping;
  }));
  REQUIRE(kill_keeper() != 0);
  stop.join();
  REQUIRE(child.join_for(soon));
  const auto info = sup.find_child("s");
  REQUIRE(info);
  CHECK(info->state == bulkhead::child_state::stopped);
}
