// Attached programs over the deaths of the publisher's keepers.
#include <bulkhead/bulkhead.hpp>
#include <string>

#include "process/attach/programs.hpp"
#include "process/library/waits.hpp"
#include "process/succession/keepers.hpp"
#include "support/catch.hpp"

using bulkhead::queue;
using bulkhead_test::folder;
using bulkhead_test::kill_keeper;
using bulkhead_test::peer;
using bulkhead_test::soon;

TEST_CASE("an attached stage goes on while the publisher's keepers die",
          "[process][attach][succession][crash]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> in{rt};
  queue<int> out{rt};
  const auto open_in = publish(rt, f.path("in"), in);
  const auto open_out = publish(rt, f.path("out"), out);
  peer stage({"pass_on", f.path("in"), f.path("out")});
  REQUIRE(stage.line() == "ready");
  for (int n = 0; n < 200; ++n) {
    in.send(n);
    REQUIRE(out.receive_for(soon) == n * n);
    if (n % 20 == 10) REQUIRE(kill_keeper() != 0);
  }
  in.close();
  CHECK(stage.line() == "closed");
  CHECK(WEXITSTATUS(stage.wait()) == 0);
}

TEST_CASE("an attached program keeps its message over the keeper's death, and its own end is seen",
          "[process][attach][succession][crash]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt, {.max_attempts = 1}};
  const auto open = publish(rt, f.path("q"), q);
  q.send(7);
  peer holder({"hold", f.path("q")});
  REQUIRE(holder.line() == "7 1");
  for (int n = 0; n < 3; ++n) {
    REQUIRE(kill_keeper() != 0);
    const queue<int> answered{rt};
    CHECK_FALSE(q.try_take());
    REQUIRE(q.in_flight().size() == 1);
    CHECK(q.in_flight().front().pid == holder.pid());
  }
  holder.kill();
  auto again = q.take_for(soon);
  REQUIRE(again);
  CHECK(again.attempt() == 2);
}

TEST_CASE("an attached program's requests are answered by the next keeper",
          "[process][attach][succession][crash]") {
  folder f;
  bulkhead::runtime rt;
  const queue<int> q{rt};
  const auto open = publish(rt, f.path("q"), q);
  q.send(0);
  peer asker({"hold_and_ask", f.path("q")});
  REQUIRE(asker.line() == "holds");
  for (int n = 1; n < 5; ++n) {
    REQUIRE(kill_keeper() != 0);
    q.send(n);
    REQUIRE(asker.line() == std::to_string(n) + " 1");
  }
}

TEST_CASE("an attached program that ended together with the keeper is recovered",
          "[process][attach][succession][crash]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt, {.max_attempts = 1}};
  const auto open = publish(rt, f.path("q"), q);
  q.send(7);
  {
    peer holder({"hold", f.path("q")});
    REQUIRE(holder.line() == "7 1");
    REQUIRE(kill_keeper() != 0);
    holder.kill();
  }
  REQUIRE(q.take_for(soon));
}

TEST_CASE("a publication is stopped and made anew over the keeper's death",
          "[process][attach][succession][crash]") {
  folder f;
  bulkhead::runtime rt;
  const queue<int> q{rt};
  auto open = publish(rt, f.path("q"), q);
  REQUIRE(kill_keeper() != 0);
  open.stop();
  CHECK(f.empty());
  open = publish(rt, f.path("q"), q);
  peer attached({"attach", f.path("q")});
  CHECK_FALSE(attached.line().empty());
  REQUIRE(kill_keeper() != 0);
  peer late({"attach", f.path("q")});
  CHECK_FALSE(late.line().empty());
}
