#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "process/library/hosts.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace {

// Whatever a killed host leaves behind becomes ours.
class subreaper {
 public:
  subreaper() { REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0); }
  subreaper(const subreaper&) = delete;
  subreaper& operator=(const subreaper&) = delete;
  ~subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 0); }

  /// Takes in those that have ended. @returns true when nobody is left.
  static bool nobody_left() {
    for (;;) {
      const pid_t ended = waitpid(-1, nullptr, WNOHANG);
      if (ended == 0) return false;
      if (ended < 0) return errno == ECHILD;
    }
  }
};

// Longer than a tree takes to end, and what docs/guarantees.md promises.
constexpr auto end_patience = 2s;

/// How long it took until nobody was left, from the host's end on.
std::chrono::nanoseconds time_to_end() {
  const auto begun = std::chrono::steady_clock::now();
  while (!subreaper::nobody_left()) {
    if (std::chrono::steady_clock::now() - begun > 10 * end_patience) break;
    std::this_thread::sleep_for(1ms);
  }
  return std::chrono::steady_clock::now() - begun;
}

std::set<std::string> shared_objects() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    const std::string name = entry.path().filename().string();
    if (name.find("bulkhead") != std::string::npos) names.insert(name);
  }
  return names;
}

unsigned seed() {
  const char* const given = std::getenv("BULKHEAD_SEED");
  return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
}

// Kills hosts at moments of which each is as likely, from before their runtime is there to their
// third or so.
template <class Kill>
void kill_at_random(int times, const char* scenario, Kill kill) {
  const unsigned start = seed();
  INFO("BULKHEAD_SEED=" << start);
  std::mt19937 random(start);
  std::uniform_int_distribution<int> moment(0, 60'000);
  const subreaper ours;
  const auto objects = shared_objects();
  for (int n = 0; n < times; ++n) {
    bulkhead_test::host host(scenario);
    REQUIRE(host.line() == "begins");
    std::this_thread::sleep_for(std::chrono::microseconds(moment(random)));
    kill(host);
    INFO("kill " << n);
    REQUIRE(time_to_end() <= end_patience);
  }
  CHECK(shared_objects() == objects);
}

}  // namespace

TEST_CASE("a host killed at any moment leaves nobody behind", "[process][crash][orphans]") {
  kill_at_random(200, "restless with daemons", [](bulkhead_test::host& host) { host.kill(); });
}

// Their parent-death signals are all that ends the children then: who has daemonised itself stays.
TEST_CASE("a host killed together with its keeper leaves nobody behind",
          "[process][crash][orphans]") {
  kill_at_random(50, "restless", [](bulkhead_test::host& host) {
    const pid_t keeper = bulkhead_test::keeper_of(host.pid());
    if (keeper != 0) ::kill(keeper, SIGKILL);
    host.kill();
  });
}
