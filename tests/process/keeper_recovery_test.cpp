#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bulkhead/message_id.hpp>
#include <cstring>

#include "core/closing.hpp"
#include "core/parked_set.hpp"
#include "os/coarse_clock.hpp"
#include "os/futex.hpp"
#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::os::child_context;

namespace {

// dead_letter<uint64_t> by the same fields.
struct letter {
  std::uint64_t value = 0;
  bulkhead::message_id id;
  std::uint32_t attempts = 0;
  std::vector<bulkhead::exit_status> reasons;
  std::string note;
};

desk sit_down(child_context& start) {
  auto& e = start.endpoints.at(0);
  return desk(std::move(e.segment), e.seat, e.epoch);
}

int take_and_wait(child_context& start) {
  desk d = sit_down(start);
  if (!eventually([&] { return d.take().has_value(); })) return 1;
  for (;;) ::pause();
}
int take_and_crash(child_context& start) {
  desk d = sit_down(start);
  ::setrlimit(RLIMIT_CORE, std::array<rlimit, 1>{}.data());
  if (!eventually([&] { return d.take().has_value(); })) return 1;
  ::raise(SIGSEGV);
  return 2;
}
// Gives the message back for later, and dies before it tells the keeper to look.
int put_off_and_die(child_context& start) {
  desk d = sit_down(start);
  std::optional<bulkhead::core::lease> l;
  if (!eventually([&] { return (l = d.take()).has_value(); })) return 1;
  constexpr std::uint64_t delay_ms = 50;
  bulkhead::core::delay(d.view(), *l, bulkhead::os::coarse_clock_ms() + delay_ms);
  ::raise(SIGKILL);
  return 2;
}
int wait_for_stop(child_context& start) {
  const bulkhead::os::directory_memory directory(std::move(start.directory));
  desk d = sit_down(start);
  const auto& stop = directory.at(start.entry).stop;
  auto& park = d.view().seat(start.endpoints.at(0).seat).receive_park;
  d.send(1);
  while (stop.load() == 0) {
    const std::uint32_t seen = park.load();
    if (stop.load() == 0) bulkhead::os::futex_wait(park, seen);
  }
  return 0;
}

bool is_held(const desk& d) { return bulkhead::core::count_messages(d.view(), 0).held == 1; }

}  // namespace

TEST_CASE("a dead taker's message is back before its end is told", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  REQUIRE(d.send(11));
  for (std::uint32_t round = 1; round <= 20; ++round) {
    const child c = h.spawn(take_and_wait, {.endpoints = {q.id}});
    REQUIRE(eventually([&] { return is_held(d); }));
    CHECK_FALSE(d.take());
    h.signal(c, SIGKILL);
    CHECK(h.end_of(c).redelivered == 1);
    CHECK(bulkhead::core::count_messages(d.view(), 0).waiting == 1);
  }
  const auto l = d.take();
  REQUIRE(l);
  CHECK(d.number_of(*l) == 11);
  CHECK(l->deliveries() == 21);
}

TEST_CASE("a message comes back whose taker put it off and died before it could say so",
          "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  REQUIRE(d.send(17));
  const auto end = h.end_of(h.spawn(put_off_and_die, {.endpoints = {q.id}}));
  CHECK((end.status.signal == SIGKILL && end.redelivered == 0));
  std::optional<bulkhead::core::lease> l;
  REQUIRE(eventually([&] { return (l = d.take()).has_value(); }));
  CHECK(d.number_of(*l) == 17);
  CHECK(l->deliveries() == 2);
}

TEST_CASE("a message whose takers crash becomes a dead letter with their ends", "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(8, 2));
  desk d = h.sit(q);
  REQUIRE(d.send(13));
  CHECK(h.end_of(h.spawn(take_and_crash, {.endpoints = {q.id}})).redelivered == 1);
  const auto last = h.end_of(h.spawn(take_and_crash, {.endpoints = {q.id}}));
  CHECK((last.redelivered == 0 && last.buried == 1 && last.stuck == 0));
  CHECK_FALSE(d.take());

  desk letters = h.sit(h.dead_letters(q));
  const auto l = letters.take();
  REQUIRE(l);
  letter read;
  REQUIRE(bulkhead::detail::decode_all(letters.bytes_of(*l), read));
  CHECK(read.value == 13);
  CHECK(read.id == bulkhead::message_id{q.id, 0, 0});
  CHECK(read.attempts == 2);
  REQUIRE(read.reasons.size() == 2);
  CHECK(read.reasons[1].signal == SIGSEGV);
  CHECK(read.note == "2 deliveries ended with their taker's crash");
  CHECK_FALSE(letters.take());
}

TEST_CASE("a poison message that found the dead letters full is buried when they have room",
          "[os][process]") {
  host h;
  auto wanted = host::shape(8, 1);
  wanted.shape.capacity = 1025;
  const auto q = h.make_queue(wanted);
  desk d = h.sit(q);
  for (std::uint64_t n = 0; n < 1025; ++n) REQUIRE(d.send(n));
  const auto take_all = [](child_context& start) {
    desk mine = sit_down(start);
    while (mine.take()) {
    }
    return 1;
  };
  const auto end = h.end_of(h.spawn(+take_all, {.endpoints = {q.id}}));
  CHECK((end.buried == 1024 && end.stuck == 1));
  desk letters = h.sit(h.dead_letters(q));
  std::uint64_t found = 0;
  while (const auto l = letters.take()) {
    letters.acknowledge(*l);
    ++found;
  }
  CHECK(found >= 1024);
  CHECK(eventually([&] {
    const auto l = letters.take();
    if (l) letters.acknowledge(*l);
    return (found += l ? 1 : 0) == 1025;
  }));
  CHECK(eventually([&] { return d.send(0); }));
}

TEST_CASE("a large message's dead letter has its bytes", "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(8, 1));
  desk d = h.sit(q);
  const std::vector<std::byte> large(300'000, std::byte{5});
  REQUIRE(d.send(large));
  CHECK(h.end_of(h.spawn(take_and_crash, {.endpoints = {q.id}})).buried == 1);
  desk letters = h.sit(h.dead_letters(q));
  const auto l = letters.take();
  REQUIRE(l);
  const auto bytes = letters.bytes_of(*l);
  REQUIRE(bytes.size() > large.size());
  CHECK(std::equal(large.begin(), large.end(), bytes.begin()));
}

TEST_CASE("a kill from outside is no attempt", "[os][process]") {
  host h;
  const auto q = h.make_queue(host::shape(8, 1));
  desk d = h.sit(q);
  REQUIRE(d.send(1));
  for (int n = 0; n < 3; ++n) {
    const child c = h.spawn(take_and_wait, {.endpoints = {q.id}});
    REQUIRE(eventually([&] { return is_held(d); }));
    h.signal(c, SIGKILL);
    CHECK(h.end_of(c).redelivered == 1);
  }
}

TEST_CASE("a stop request reaches a process that sleeps on a queue", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  const child c = h.spawn(wait_for_stop, {.endpoints = {q.id}});
  REQUIRE(eventually([&] { return d.take().has_value(); }));
  h.stop(c);
  CHECK(h.end_of(c).status.cause == bulkhead::death_cause::stopped);
}

TEST_CASE("a queue whose closer died on the way is closed", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  const auto half_close = [](child_context& start) {
    desk mine = sit_down(start);
    mine.view().header().signs.closed.store(bulkhead::core::closed_state::closing);
    ::raise(SIGKILL);
    return 0;
  };
  h.run(+half_close, {.endpoints = {q.id}});
  CHECK(d.view().header().signs.closed.load() == bulkhead::core::closed_state::closed);
}

// As whoever attached to it, or got it in a message, and only closes it.
TEST_CASE("a queue whose closer had no seat is closed, and who sleeps is woken", "[os][process]") {
  using bulkhead::core::closed_state;
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  const auto how_far = GENERATE(closed_state::closing, closed_state::closed);
  auto& park = d.view().seat(h.join(q).seat).receive_park;
  const std::uint32_t seen = park.load();
  const auto open_and_die = [](child_context& start) {
    std::uint64_t id = 0;
    std::memcpy(&id, start.arguments.data(), sizeof id);
    bulkhead::os::keeper_link keeper(std::move(start.control));
    static_cast<void>(
        keeper.ask<control::queue_reply>(control::kind::open_queue, control::queue_named{id}));
    ::raise(SIGKILL);
    return 0;
  };
  d.view().header().signs.closed.store(how_far);
  const auto* const id = reinterpret_cast<const std::byte*>(&q.id);
  const auto end = h.run(+open_and_die, {.arguments = {id, id + sizeof q.id}});
  CHECK(end.signal == SIGKILL);
  CHECK(d.view().header().signs.closed.load() == closed_state::closed);
  CHECK(park.load() != seen);
}
