#include <sys/wait.h>
#include <csignal>
#include <sstream>

#include "process/library/hosts.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead_test::eventually;
using bulkhead_test::exists;

namespace {

struct tree {
  bulkhead_test::host host{"tree"};
  pid_t keeper = 0, one = 0, two = 0, grandchild = 0;

  tree() {
    std::istringstream ids(host.line());
    ids >> keeper >> one >> two >> grandchild;
  }
  [[nodiscard]] bool complete() const {
    return exists(keeper) && exists(one) && exists(two) && exists(grandchild);
  }
  [[nodiscard]] bool gone() const {
    return !exists(keeper) && !exists(one) && !exists(two) && !exists(grandchild);
  }
};

}  // namespace

TEST_CASE("when the host is killed its keeper, children and grandchildren end",
          "[process][crash]") {
  tree t;
  REQUIRE(t.complete());
  t.host.kill();
  CHECK(eventually([&] { return t.gone(); }));
}

TEST_CASE("when the keeper is killed its children and grandchildren end, and the host goes on",
          "[process][crash]") {
  tree t;
  REQUIRE(t.complete());
  ::kill(t.keeper, SIGKILL);
  CHECK(eventually([&] { return t.gone(); }));
  CHECK(exists(t.host.pid()));
  t.host.kill();
  CHECK(t.host.errors().empty());
}

TEST_CASE("when a child is killed its own children end and nobody else", "[process][crash]") {
  tree t;
  REQUIRE(t.complete());
  ::kill(t.two, SIGKILL);
  CHECK(eventually([&] { return !exists(t.two) && !exists(t.grandchild); }));
  CHECK(exists(t.keeper));
  CHECK(exists(t.one));
}
