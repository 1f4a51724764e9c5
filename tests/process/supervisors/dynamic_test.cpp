// Many children of one specification, as processes.
#include <sys/resource.h>
#include <unistd.h>

#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead::restart;
using bulkhead::strategy;
using bulkhead_test::eventually;
using bulkhead_test::soon;
namespace this_process = bulkhead::this_process;

namespace {

void serve(bulkhead::queue<std::string> said, std::string word) {
  said.send(this_process::name() + " " + word + " " + std::to_string(this_process::incarnation()));
  while (!this_process::stop_requested()) ::usleep(200);
}

void wait_for_stop(int /*number*/) {
  while (!this_process::stop_requested()) ::usleep(20'000);
}

void stop_slowly(int milliseconds) {
  while (!this_process::stop_requested()) ::usleep(200);
  ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
}

void hold(bulkhead::queue<int> unused, bulkhead::queue<int> go) {
  static_cast<void>(unused.capacity());
  static_cast<void>(go.receive());
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Those that this process has a handle to. Descriptors the vault has of others as well.
std::size_t mapped_queues() {
  std::ifstream maps("/proc/self/maps");
  std::set<std::string> inodes;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("bulkhead-queue") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string inode;
    for (int n = 0; n < 5; ++n) fields >> inode;
    inodes.insert(inode);
  }
  return inodes.size();
}

bulkhead::supervisor_options dynamic() {
  return {.strategy = strategy::dynamic, .intensity = bulkhead::unlimited};
}

}  // namespace

TEST_CASE("dynamic children are started with arguments of their own, and again with the same",
          "[supervisor][dynamic][crash]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  bulkhead::supervisor sup{rt, dynamic()};
  const auto servers = sup.specify({.name = "server"}, serve, said);
  auto one = servers.start("one");
  REQUIRE(said.receive_for(soon) == "server-1 one 1");
  auto two = servers.start("two");
  REQUIRE(said.receive_for(soon) == "server-2 two 1");
  one.kill();
  CHECK(said.receive_for(soon) == "server-1 one 2");
  CHECK(two.child_id() == 2);
  CHECK(sup.find_child(2)->name == "server-2");
  CHECK(sup.find_child("server-1")->id == 1);
  CHECK(eventually([&] { return sup.count_children().active == 2; }));
}

TEST_CASE("a dynamic child is addressed by its id, and terminating it forgets it",
          "[supervisor][dynamic]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, dynamic()};
  const auto servers = sup.specify({.name = "server"}, wait_for_stop);
  const auto first = servers.start(1);
  const auto second = servers.start(2);
  sup.terminate_child(first.child_id());
  CHECK_FALSE(sup.find_child(first.child_id()).has_value());
  CHECK(first.join().success());
  CHECK_THROWS_AS(sup.terminate_child(first.child_id()), std::invalid_argument);
  CHECK(sup.count_children().specifications == 1);
}

TEST_CASE("a dynamic supervisor refuses a child with a specification of its own",
          "[supervisor][dynamic]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, dynamic()};
  CHECK_THROWS_WITH(sup.start({.name = "own"}, wait_for_stop, 1),
                    Catch::Matchers::Contains("strategy dynamic"));
  bulkhead::supervisor other{rt};
  CHECK_THROWS_AS(other.specify({.name = "many"}, wait_for_stop), std::invalid_argument);
}

TEST_CASE("dynamic children stop all at once", "[supervisor][dynamic]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, dynamic()};
  const auto all = sup.specify({.name = "slow"}, stop_slowly);
  for (int n = 0; n < 20; ++n) static_cast<void>(all.start(400));
  const auto begin = std::chrono::steady_clock::now();
  sup.shutdown();
  // One after the other they would take 8 s.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(4));
}

TEST_CASE("arguments of temporary children are not kept once they are up",
          "[supervisor][dynamic]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> go{rt};
  bulkhead::supervisor sup{rt, dynamic()};
  const auto holders = sup.specify({.name = "holder", .restart = restart::temporary}, hold);
  const std::size_t before = mapped_queues();
  REQUIRE(before != 0);
  for (int n = 0; n < 5; ++n) {
    // Each queue is mapped here for as long as anybody here has a handle to it.
    static_cast<void>(holders.start(bulkhead::queue<int>{rt}, go));
  }
  CHECK(eventually([&] { return mapped_queues() <= before; }));
  for (int n = 0; n < 5; ++n) go.send(n);
  CHECK(eventually([&] { return sup.count_children().specifications == 0; }));
}

TEST_CASE("five hundred dynamic children need no descriptors of the host",
          "[supervisor][dynamic]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, dynamic()};
  const auto sleepers = sup.specify({.name = "sleeper"}, wait_for_stop);
  auto first = sleepers.start(0);
  rlimit was{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &was) == 0);
  const std::size_t before = open_descriptors();
  const rlimit tight{before + 20, was.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  for (int n = 1; n < 500; ++n) static_cast<void>(sleepers.start(n));
  CHECK(open_descriptors() <= before + 2);
  CHECK(sup.count_children().active == 500);
  first.kill();
  CHECK(eventually([&] { return first.incarnation() == 2; }));
  sup.shutdown();
  CHECK(::setrlimit(RLIMIT_NOFILE, &was) == 0);
  CHECK(sup.ended());
}

TEST_CASE("another executable can be a dynamic child", "[supervisor][dynamic]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, dynamic()};
  const auto sleeps =
      sup.specify({.name = "sleep", .restart = restart::temporary}, bulkhead::command{"sleep"});
  const auto one = sleeps.start({"600"});
  CHECK(one.running());
  sup.terminate_child(one.child_id());
  CHECK(one.join().cause == bulkhead::death_cause::stopped);
}
