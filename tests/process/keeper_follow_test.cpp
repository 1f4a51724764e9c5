// Children that the keeper starts again itself, as it was told before (control::follow).
#include <signal.h>
#include <unistd.h>

#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::os::child_context;

namespace {

int exit_0(child_context& /*start*/) { return 0; }
int sleep_on(child_context& /*start*/) {
  for (;;) ::pause();
}

// Which incarnation it is, and how many bytes it was given.
int tell_facts(child_context& start) {
  if (start.incarnation == 1) return sleep_on(start);
  return static_cast<int>(start.incarnation + start.arguments.size());
}

constexpr std::uint64_t key = 7;

// After SIGKILL; as incarnation 5.
void let_follow(host& h, const child& c) {
  control::follow rule;
  rule.serial = c.serial;
  rule.incarnation = 5;
  rule.signals = std::uint64_t{1} << (SIGKILL - 1);
  REQUIRE_FALSE(h.keeper.tell(control::kind::follow, rule));
}

control::exited end_by(host& h, const child& c, int number) {
  h.signal(c, number);
  return h.end_of(c);
}

}  // namespace

TEST_CASE("a kept child is started again as it was, and both are told of", "[os][process]") {
  host h;
  const std::vector<std::byte> arguments(16);
  const child c =
      h.spawn(tell_facts, {.resume_key = key, .arguments = arguments, .may_follow = true});
  let_follow(h, c);
  const auto end = end_by(h, c, SIGKILL);
  REQUIRE(end.next_serial != 0);
  CHECK(end.next_pid != c.pid);
  const auto next = h.end_of(end.next_serial);
  CHECK(next.status.code == 5 + 16);
  CHECK(next.next_serial == 0);  // one word is good for one end
}

TEST_CASE("the keeper starts none again that it was not told to, or has not kept",
          "[os][process]") {
  host h;
  order o{.resume_key = key, .may_follow = true};
  SECTION("after another end") {
    const child c = h.spawn(sleep_on, o);
    let_follow(h, c);
    CHECK(end_by(h, c, SIGTERM).next_serial == 0);
  }
  SECTION("that was asked to stop") {
    const child c = h.spawn(sleep_on, o);
    let_follow(h, c);
    h.stop(c);
    CHECK(end_by(h, c, SIGKILL).next_serial == 0);
  }
  SECTION("that was forgotten") {
    const child c = h.spawn(sleep_on, o);
    let_follow(h, c);
    h.keeper.ask<control::done>(control::kind::forget, control::forget{key});
    CHECK(end_by(h, c, SIGKILL).next_serial == 0);
  }
  SECTION("of which its owner did not say that it may") {
    o.may_follow = false;
    const child c = h.spawn(sleep_on, o);
    let_follow(h, c);
    CHECK(end_by(h, c, SIGKILL).next_serial == 0);
  }
  SECTION("with more arguments than it keeps") {
    o.arguments.resize(5000);
    const child c = h.spawn(sleep_on, o);
    let_follow(h, c);
    CHECK(end_by(h, c, SIGKILL).next_serial == 0);
  }
  CHECK(h.run(exit_0).success());
}
