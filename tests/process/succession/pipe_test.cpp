// Pipes over the keeper's death.
#include <unistd.h>

#include <bulkhead/bulkhead.hpp>

#include "process/library/waits.hpp"
#include "process/succession/keepers.hpp"
#include "support/catch.hpp"

using bulkhead::errc;
using bulkhead::pipe_end;
using bulkhead_test::kill_keeper;
using bulkhead_test::soon;
namespace this_process = bulkhead::this_process;

namespace {

void answer(pipe_end<int, int> line) {
  for (;;) line.send(line.receive() + 1);
}

void speak_and_wait(pipe_end<int, int> line, bulkhead::queue<int> told) {
  line.send(1);
  line.send(2);
  told.send(2);
  for (;;) ::pause();
}

}  // namespace

TEST_CASE("the end of a child that is not started again has crashed, after what it had sent",
          "[process][succession][pipe][crash]") {
  bulkhead::runtime rt;
  auto [mine, its] = bulkhead::make_pipe<int, int>(rt);
  bulkhead::queue<int> told{rt};
  auto child = rt.spawn(speak_and_wait, std::move(its), told);
  REQUIRE(told.receive_for(soon) == 2);
  REQUIRE(mine.receive_for(soon) == 1);
  REQUIRE(kill_keeper() != 0);
  CHECK(mine.receive_for(soon) == 2);
  std::error_code ec;
  static_cast<void>(mine.receive_for(soon, ec));
  CHECK(ec == errc::peer_crashed);
  REQUIRE(child.join_for(soon));
}

TEST_CASE("the next incarnation of a supervised child resumes its end",
          "[process][succession][pipe][crash]") {
  bulkhead::runtime rt;
  auto [mine, its] = bulkhead::make_pipe<int, int>(rt);
  bulkhead::supervisor sup{rt, {.intensity = 0}};
  auto child = sup.start({.name = "answers"}, answer, std::move(its));
  for (int n = 0; n < 5; ++n) {
    mine.send(n);
    REQUIRE(mine.receive_for(soon) == n + 1);
    REQUIRE(kill_keeper() != 0);
    std::error_code ec;
    static_cast<void>(mine.receive_for(soon, ec));
    REQUIRE(ec == errc::peer_restarted);
  }
  mine.send(9);
  CHECK(mine.receive_for(soon) == 10);
}

TEST_CASE("a pipe within this process does not notice the keeper's death",
          "[process][succession][pipe][crash]") {
  bulkhead::runtime rt;
  auto [a, b] = bulkhead::make_pipe<int, int>(rt);
  a.send(1);
  REQUIRE(kill_keeper() != 0);
  CHECK(b.receive_for(soon) == 1);
  b.close();
  std::error_code ec;
  static_cast<void>(a.receive_for(soon, ec));
  CHECK(ec == errc::closed);
}
