#include <bulkhead/actors/actors.hpp>

#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <cstdint>
#include <vector>

#include "actors/dialect.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
namespace actors = bulkhead::actors;

namespace {

using counter = caf::typed_actor<caf::reacts_to<std::uint64_t>>;

// Sends what it has not sent yet in an earlier life.
void send_numbers(bulkhead::queue<std::uint64_t> out, std::uint64_t count) {
  for (std::uint64_t next = out.sent(); next < count; ++next) out.send(next);
}

// A child with an actor system of its own that doubles numbers.
void double_numbers(bulkhead::queue<std::uint64_t> in, bulkhead::queue<std::uint64_t> out) {
  actors::system sys;
  auto doubler = sys.caf().spawn([out](counter::pointer) -> counter::behavior_type {
    return {[out](std::uint64_t number) { out.send(2 * number); }};
  });
  actors::from_queue(sys, in, doubler).join();
}

}  // namespace

TEST_CASE("an actor counts exactly what supervised senders sent that were killed all along",
          "[actors][process]") {
  constexpr std::uint64_t count = 20000;
  bulkhead::runtime rt;
  bulkhead::queue<std::uint64_t> numbers(
      rt, {.name = "numbers", .max_attempts = 0, .max_deliveries = 0});
  bulkhead::supervisor children(rt, {.intensity = bulkhead::unlimited});
  actors::system sys(rt);

  std::vector<int> seen(count);
  std::atomic<std::uint64_t> total = 0;
  auto sink = sys.caf().spawn([&](counter::pointer) -> counter::behavior_type {
    return {[&](std::uint64_t number) {
      if (number < count) ++seen[number];
      ++total;
    }};
  });
  auto feed = actors::from_queue(sys, numbers, sink);

  bulkhead::child_spec spec{.name = "sender", .restart = bulkhead::restart::transient};
  spec.backoff = bulkhead::no_backoff;
  auto sender = children.start(spec, &send_numbers, numbers, count);
  int kills = 0;
  // A kill each time that some more have come.
  for (std::uint64_t wanted = 500; wanted < count; wanted += 500) {
    REQUIRE(eventually([&] { return total >= wanted; }));
    sender.kill();
    ++kills;
  }
  REQUIRE(eventually([&] { return total >= count; }));
  numbers.close();
  feed.join();
  // Handled faster than it is sent, a kill finds nobody at times.
  CHECK(sender.incarnation() > static_cast<std::uint64_t>(kills) / 4);
  CHECK(total == count);
  CHECK(seen == std::vector<int>(count, 1));
}

TEST_CASE("a child has an actor system of its own", "[actors][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::uint64_t> in(rt), out(rt);
  auto child = rt.spawn({.name = "doubler"}, &double_numbers, in, out);
  for (std::uint64_t i = 0; i < 10; ++i) in.send(i);
  in.close();
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(out.receive_for(patience) == 2 * i);
  const auto status = child.join();
  INFO(status.report());
  CHECK(status.success());
}

TEST_CASE("a child whose feed waits stops when it is asked to", "[actors][process]") {
  bulkhead::runtime rt;
  bulkhead::queue<std::uint64_t> in(rt), out(rt);
  auto child = rt.spawn({.name = "doubler"}, &double_numbers, in, out);
  in.send(21);
  CHECK(out.receive_for(patience) == std::uint64_t{42});
  child.request_stop();
  CHECK(child.join_for(patience).has_value());
}
