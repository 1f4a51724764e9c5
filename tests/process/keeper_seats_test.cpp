#include <signal.h>
#include <unistd.h>

#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;
using bulkhead::os::child_context;

namespace {

// Exit code: the seat, the epoch (7 at most) and what was sent before its time, as decimal digits.
int send_one(child_context& start) {
  auto& e = start.endpoints.at(0);
  const std::uint32_t seat = e.seat;
  const std::uint32_t epoch = e.epoch;
  const auto before = static_cast<int>(e.sent_before);
  desk d(std::move(e.segment), seat, epoch);
  if (!d.send(d.sent())) return 99;
  return static_cast<int>(seat * 100 + epoch * 10) + before;
}
int send_nothing(child_context& start) { return static_cast<int>(start.endpoints.at(0).seat); }
int sleep_on(child_context&) {
  for (;;) ::pause();
}

std::error_code failure_of(const std::function<void()>& call) {
  try {
    call();
    return {};
  } catch (const std::system_error& failure) {
    return failure.code();
  }
}

}  // namespace

TEST_CASE("the next incarnation takes its predecessor's seat over with the next epoch",
          "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);  // seat 0
  CHECK(h.run(send_one, {.resume_key = 5, .endpoints = {q.id}}).code == 110);
  CHECK(h.run(send_one, {.resume_key = 6, .endpoints = {q.id}}).code == 210);
  CHECK(h.run(send_one, {.resume_key = 5, .endpoints = {q.id}}).code == 120);
  CHECK(h.run(send_one, {.resume_key = 5, .endpoints = {q.id}}).code == 130);
  for (const std::uint64_t expected : {0, 1, 2}) {
    const auto l = d.take();
    REQUIRE(l);
    CHECK(l->lane == 1);
    CHECK(d.number_of(*l) == expected);
    d.acknowledge(*l);
  }
}

TEST_CASE(
    "a stranger gets a dead one's drained seat before a vacant one, and starts at nothing sent",
    "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(3));
  desk d = h.sit(q);
  CHECK(h.run(send_one, {.endpoints = {q.id}}).code == 110);
  const auto first = d.take();
  REQUIRE(first);
  d.acknowledge(*first);
  CHECK(h.run(send_one, {.endpoints = {q.id}}).code == 121);
  CHECK(h.run(send_one, {.endpoints = {q.id}}).code == 210);
}

TEST_CASE("the seat of a living one that left goes to a stranger only when no vacant one is left",
          "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(3));
  h.join(q);
  static_cast<void>(h.spawn(sleep_on, {.endpoints = {q.id}}));
  h.keeper.ask<control::done>(control::kind::leave_queue, control::queue_named{q.id});
  static_cast<void>(h.spawn(sleep_on, {.endpoints = {q.id}}));
  CHECK(h.run(send_nothing, {.endpoints = {q.id}}).code == 0);
}

TEST_CASE("seats of the dead that hold messages are worth waiting for", "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(2));
  desk d = h.sit(q);
  h.run(send_one, {.endpoints = {q.id}});
  CHECK(failure_of([&] { h.spawn(send_nothing, {.endpoints = {q.id}}); }) == errc::full);
  const auto l = d.take();
  REQUIRE(l);
  CHECK(failure_of([&] { h.spawn(send_nothing, {.endpoints = {q.id}}); }) == errc::full);
  d.acknowledge(*l);
  CHECK(h.run(send_nothing, {.endpoints = {q.id}}).code == 1);
}

TEST_CASE("seats of the living are not", "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(2));
  h.join(q);
  const child c = h.spawn(sleep_on, {.endpoints = {q.id}});
  const auto try_it = [&] { h.spawn(send_nothing, {.endpoints = {q.id}}); };
  CHECK(failure_of(try_it) == errc::too_many_participants);
  h.signal(c, SIGKILL);
  h.end_of(c);
  CHECK_FALSE(failure_of(try_it));
}

TEST_CASE("a supervised child's seat stays its own until it is forgotten", "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(2));
  h.join(q);
  CHECK(h.run(send_nothing, {.resume_key = 5, .endpoints = {q.id}}).code == 1);
  const auto try_it = [&] { h.run(send_nothing, {.endpoints = {q.id}}); };
  CHECK(failure_of(try_it) == errc::full);
  h.keeper.ask<control::done>(control::kind::forget, control::forget{5});
  CHECK_FALSE(failure_of(try_it));
}

TEST_CASE("who asks again gets the seat that it has, also after it left", "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(2));
  const auto first = h.join(q);
  const auto again = h.join(q);
  CHECK((again.seat == first.seat && again.epoch == first.epoch));
  static_cast<void>(h.spawn(sleep_on, {.endpoints = {q.id}}));
  h.keeper.ask<control::done>(control::kind::leave_queue, control::queue_named{q.id});
  const auto back = h.join(q);
  CHECK((back.seat == first.seat && back.epoch == first.epoch + 1));
}

TEST_CASE("a queue goes with its last holder", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  const auto letters = h.dead_letters(q);
  const std::size_t before = count_descriptors(h.keeper_pid());
  h.keeper.ask<control::done>(control::kind::leave_queue, control::queue_named{letters.id});
  CHECK(count_descriptors(h.keeper_pid()) == before);
  h.keeper.ask<control::done>(control::kind::leave_queue, control::queue_named{q.id});
  CHECK(count_descriptors(h.keeper_pid()) == before - 6);  // a segment and two bells each
  CHECK(failure_of([&] { h.join(q); }) == errc::closed);
}

TEST_CASE("a shape that no queue can have is refused", "[os][process]") {
  host h;
  auto wanted = host::shape();
  wanted.shape.inline_bytes = 7;
  CHECK(failure_of([&] { h.make_queue(wanted); }) == errc::unsupported);
  wanted = host::shape(5000);
  CHECK(failure_of([&] { h.make_queue(wanted); }) == errc::unsupported);
}
