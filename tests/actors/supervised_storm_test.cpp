#include <algorithm>
#include <bulkhead/actors/spawn_process.hpp>
#include <caf/event_based_actor.hpp>
#include <map>
#include <random>
#include <thread>

#include "actors/ledger.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;

namespace {

constexpr int requests = 20'000;
constexpr int kills = 25;

// What became of each request; only the asker writes until it is over.
struct outcome {
  std::vector<int> answers = std::vector<int>(requests, 0);
  std::vector<int> failures = std::vector<int>(requests, 0);
  std::atomic<int> told{0};
};

// Asks for all numbers, 50 at a time, each once.
void ask_all(caf::event_based_actor* self, const ledger& h, outcome* to) {
  outcome& all = *to;
  const auto next = std::make_shared<int>(0);
  const auto ask = std::make_shared<std::function<void()>>();
  *ask = [self, h, &all, next, weak = std::weak_ptr(ask)] {
    if (*next == requests) return;
    const int n = (*next)++;
    const auto again = weak.lock();
    self->request(h, caf::infinite, note_atom::value, n)
        .then(
            [&all, again](int r) {
              ++all.answers[static_cast<std::size_t>(r)];
              ++all.told;
              (*again)();
            },
            [&all, n, again, self](const caf::error&) {
              ++all.failures[static_cast<std::size_t>(n)];
              ++all.told;
              // Not at once: while it is down all would fail.
              self->delayed_send(self, 1ms, 1);
            });
  };
  self->set_default_handler(caf::drop);
  self->become([ask](int) { (*ask)(); });
  for (int n = 0; n < 50; ++n) (*ask)();
}

}  // namespace

TEST_CASE("under a storm of kills each request has one end, and none runs twice unasked",
          "[actors][supervised][process][crash]") {
  const auto mode = GENERATE(actors::during_restart::fail, actors::during_restart::wait,
                             actors::during_restart::retry);
  const auto seed = std::random_device()();
  INFO("mode " << static_cast<int>(mode) << ", seed " << seed);
  bulkhead::runtime rt;
  actors::system sys{rt};
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  scratch_file file;
  const ledger h =
      actors::spawn_process<ledger>(sys, sup, {.name = "ledger", .backoff = bulkhead::no_backoff},
                                    {.during_restart = mode}, keep_ledger, file.path());
  outcome all;
  sys.caf().spawn(ask_all, h, &all);
  std::mt19937 random(seed);
  // One each time that so many more have ended, and a little later.
  for (int n = 0; n < kills; ++n) {
    REQUIRE(eventually([&] { return all.told >= n * (requests / kills); }));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    const int pid = sup.find_child("ledger")->pid;
    if (pid > 0) ::kill(pid, SIGKILL);
  }
  REQUIRE(eventually([&] { return all.told == requests; }));
  std::map<int, int> runs;
  for (const int n : file.numbers()) ++runs[n];
  for (int n = 0; n < requests; ++n) {
    const auto at = static_cast<std::size_t>(n);
    INFO("request " << n);
    REQUIRE(all.answers[at] + all.failures[at] == 1);
    if (all.answers[at] == 1) REQUIRE(runs[n] >= 1);
    if (mode != actors::during_restart::retry) REQUIRE(runs[n] <= 1);
  }
  const auto failed = std::count(all.failures.begin(), all.failures.end(), 1);
  if (mode == actors::during_restart::retry) CHECK(failed == 0);
}
