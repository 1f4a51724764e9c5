// Nested supervisors run again after their keeper's death, and no failure is counted.
#include <csignal>

#include "process/succession/keepers.hpp"
#include "process/supervisors/nested_support.hpp"

using namespace bulkhead_test;
using bulkhead::supervisor;
using bulkhead::supervisor_options;

namespace {

const supervisor_options bears_nothing{.intensity = 0};

void build_leaf(supervisor& mid, hellos said) {
  say_hello(said);
  mid.start({.name = "leaf"}, serve, said);
}

}  // namespace

TEST_CASE("nested supervisors run again after their keeper's death, uncounted",
          "[process][succession][supervisor][nested][crash]") {
  bulkhead::runtime rt;
  hellos said{rt};
  supervisor sup{rt, bears_nothing};
  sup.start_supervisor({.name = "here"}, bears_nothing,
                       [&](supervisor& here) { here.start({.name = "child"}, serve, said); });
  const auto there =
      sup.start_supervisor_process({.name = "there"}, bears_nothing, build_leaf, said);
  auto before = next_hellos(said, 3);
  REQUIRE(kill_keeper() != 0);
  auto after = next_hellos(said, 3);
  // The one here lives on, and its child's next incarnation runs.
  CHECK(after["child"].incarnation == 2);
  CHECK(after["there"].incarnation == 2);
  CHECK(after["leaf"].incarnation == 1);
  for (const char* name : {"child", "there", "leaf"}) {
    CHECK(after[name].pid != before[name].pid);
    CHECK_FALSE(runs(before[name].pid));
  }
  CHECK_FALSE(sup.ended());
  CHECK(eventually([&] { return there.incarnation() == 2; }));
  CHECK(sup.find_child("here")->incarnation == 1);
}
