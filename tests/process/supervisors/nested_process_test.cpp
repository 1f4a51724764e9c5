// Supervisors that are children of a supervisor, in processes of their own.
#include <csignal>
#include <cstring>
#include <vector>

#include "process/supervisors/nested_support.hpp"

using namespace bulkhead_test;
using bulkhead::supervisor;
using bulkhead::supervisor_options;
namespace events = bulkhead::events;

namespace {

// The kernel takes its time to end it.
void serve_large(hellos said) {
  std::vector<char> much(128 << 20);
  std::memset(much.data(), 1, much.size());
  serve(said);
}

void build_large(supervisor& mid, hellos said) {
  say_hello(said);
  mid.start({.name = "leaf"}, serve_large, said);
}

void build_leaf(supervisor& low, hellos said) {
  say_hello(said);
  low.start({.name = "leaf"}, serve, said);
}

void build_low(supervisor& mid, hellos said) {
  say_hello(said);
  static_cast<void>(mid.start_supervisor_process({.name = "low"}, build_leaf, said));
}

}  // namespace

TEST_CASE("the crash of a supervisor's process takes only what is below it",
          "[supervisor][nested][crash]") {
  bulkhead::runtime rt;
  hellos said{rt};
  supervisor sup{rt};
  const auto beside = sup.start({.name = "beside"}, serve, said);
  heard(said);
  const auto mid = sup.start_supervisor_process({.name = "mid"}, build_large, said);
  auto first = next_hellos(said, 2);
  CHECK(first["mid"].pid == mid.id());
  mid.kill();
  std::vector<hello> second{heard(said)};
  // By then nothing is left of what its predecessor started.
  CHECK_FALSE(lives(first["leaf"].pid));
  second.push_back(heard(said));
  const hello& leaf = second[second[0].name == "leaf" ? 0 : 1];
  CHECK(leaf.name == "leaf");
  CHECK(leaf.incarnation == 1);
  CHECK(leaf.pid != first["leaf"].pid);
  CHECK(beside.incarnation() == 1);
  CHECK(eventually([&] { return mid.incarnation() == 2; }));
  CHECK(sup.count_children().supervisors == 1);
}

TEST_CASE("each level of a tree of processes heals by itself", "[supervisor][nested][crash]") {
  bulkhead::runtime rt;
  hellos said{rt};
  supervisor sup{rt, {.name = "root"}};
  const auto mid = sup.start_supervisor_process({.name = "mid"}, build_low, said);
  auto before = next_hellos(said, 3);
  SECTION("the lowest") {
    ::kill(before["leaf"].pid, SIGKILL);
    auto after = next_hellos(said, 1);
    CHECK(after["leaf"].incarnation == 2);
    CHECK(lives(before["low"].pid));
  }
  SECTION("the one above it") {
    ::kill(before["low"].pid, SIGKILL);
    auto after = next_hellos(said, 2);
    CHECK(after["low"].incarnation == 2);
    CHECK(after["leaf"].incarnation == 1);
    CHECK_FALSE(lives(before["leaf"].pid));
  }
  SECTION("the highest") {
    ::kill(before["mid"].pid, SIGKILL);
    auto after = next_hellos(said, 3);
    CHECK(after["mid"].incarnation == 2);
    CHECK(after["low"].incarnation == 1);
    CHECK_FALSE(lives(before["leaf"].pid));
    CHECK_FALSE(lives(before["low"].pid));
  }
  CHECK((lives(before["mid"].pid) || eventually([&] { return mid.incarnation() == 2; })));
  sup.shutdown();
  CHECK_FALSE(said.try_receive());
}

TEST_CASE("a shutdown asks a supervisor's process, which stops its children first",
          "[supervisor][nested]") {
  bulkhead::runtime rt;
  hellos said{rt};
  event_log log;
  supervisor sup{rt, {.name = "root"}};
  log.listen_to(sup);
  const auto mid = sup.start_supervisor_process({.name = "mid"}, build_leaf, said);
  auto both = next_hellos(said, 2);
  sup.shutdown();
  CHECK_FALSE(lives(both["leaf"].pid));
  CHECK(mid.join().cause == bulkhead::death_cause::stopped);
  CHECK(mid.join().success());
}

TEST_CASE("events of a supervisor's process come to those above it", "[supervisor][nested]") {
  bulkhead::runtime rt;
  hellos said{rt};
  event_log log;
  supervisor sup{rt, {.name = "root"}};
  log.listen_to(sup);
  static_cast<void>(sup.start_supervisor_process({.name = "mid"}, build_low, said));
  auto all = next_hellos(said, 3);
  ::kill(all["leaf"].pid, SIGKILL);
  CHECK(heard(said).incarnation == 2);
  CHECK(eventually([&] { return log.has<events::restarting>("root/mid/low leaf"); }));
  CHECK(log.has<events::ready>("root/mid low"));
  CHECK(log.has<events::ready>("root/mid/low leaf"));
}

TEST_CASE("a supervisor's process that gives up ends by an exception and is started again",
          "[supervisor][nested][crash]") {
  bulkhead::runtime rt;
  hellos said{rt};
  supervisor sup{rt, {.intensity = 1, .name = "root"}};
  const auto mid = sup.start_supervisor_process({.name = "mid"}, supervisor_options{.intensity = 0},
                                                build_leaf, said);
  auto first = next_hellos(said, 2);
  ::kill(first["leaf"].pid, SIGKILL);
  auto second = next_hellos(said, 2);
  CHECK(second["mid"].incarnation == 2);
  ::kill(second["leaf"].pid, SIGKILL);
  const auto reason = sup.join();
  CHECK(reason == bulkhead::end_reason::gave_up);
  CHECK(reason.status.cause == bulkhead::death_cause::exception);
  CHECK_THAT(reason.status.text, Catch::Matchers::Contains("'root/mid', failures: 1"));
  CHECK(mid.join().code == 1);
}
