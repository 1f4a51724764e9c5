#include <signal.h>

#include "core/pipe_frame.hpp"
#include "core/pipe_layout.hpp"
#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

// Messages that name pipe ends, and messages of pipes, as the keeper sees them.
using namespace bulkhead_test;
using bulkhead::errc;
using bulkhead::core::end_state;
using bulkhead::os::child_context;
using bulkhead::os::keeper_link;

namespace {

/// The tail that publishes a first message of so many units.
std::uint64_t tail_after(std::uint64_t units) {
  return bulkhead::core::frame_position{}.after(units, 1).word;
}

/// @returns the name of the end 0. Fixed sizes in one direction, any in the other.
std::uint64_t make_pipe(keeper_link& keeper) {
  control::make_pipe wanted;
  wanted.name = "words";
  wanted.from_first = {1, 4096, 8, 0};
  wanted.from_second = {1, 64, 8, 8};
  return keeper.ask<control::pipe_reply>(control::kind::make_pipe, wanted).pipe;
}

void announce(keeper_link& keeper, std::uint64_t carrier, std::uint64_t position,
              std::vector<std::uint64_t> names) {
  control::carry wanted;
  wanted.queue = carrier;
  wanted.messages.push_back({position, std::move(names)});
  keeper.ask<control::done>(control::kind::carry, wanted);
}

errc refusal_of(keeper_link& keeper, std::uint64_t carrier, std::uint64_t position,
                std::vector<std::uint64_t> names) {
  try {
    announce(keeper, carrier, position, std::move(names));
  } catch (const std::system_error& failure) {
    return static_cast<errc>(failure.code().value());
  }
  return {};
}

end_state peer_of(host& h, std::uint64_t end) {
  const control::end_named which{end};
  return static_cast<end_state>(
      h.keeper.ask<control::peer_reply>(control::kind::ask_peer, which).state);
}

bool is_there(host& h, std::uint64_t queue) {
  try {
    h.keeper.ask<control::queue_reply>(control::kind::open_queue, control::queue_named{queue});
    return true;
  } catch (const std::system_error& failure) {
    if (failure.code() != errc::closed) throw;
    return false;
  }
}

// Announces its end in its next message to a queue, and is killed before it publishes that.
int announce_end_and_die(child_context& start) {
  keeper_link keeper(std::move(start.control));
  announce(keeper, start.endpoints.at(0).queue, 0, {start.endpoints.at(1).queue});
  ::raise(SIGKILL);
  return 0;
}
// The same with a new queue, in its pipe's first message. The queue's id is the first one.
int announce_queue_and_die(child_context& start) {
  keeper_link keeper(std::move(start.control));
  const auto made = keeper.ask<control::queue_reply>(control::kind::make_queue, host::shape());
  announce(keeper, start.endpoints.at(0).queue, tail_after(2), {made.queue});
  ::raise(SIGKILL);
  return 0;
}
int announce_far_ahead(child_context& start) {
  keeper_link keeper(std::move(start.control));
  const std::uint64_t end = start.endpoints.at(0).queue;
  announce(keeper, end, tail_after(4096 / bulkhead::core::frame_unit + 1), {end});
  return 0;
}
int announce_of_one_size(child_context& start) {
  keeper_link keeper(std::move(start.control));
  announce(keeper, start.endpoints.at(0).queue, 1, {start.endpoints.at(0).queue});
  return 0;
}

}  // namespace

TEST_CASE("a pipe end that was announced and not published ends with its sender", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  const std::uint64_t first = make_pipe(h.keeper);
  h.run(announce_end_and_die, {.endpoints = {q.id, first | 1}});
  CHECK(peer_of(h, first) == end_state::crashed);
}

TEST_CASE("a queue that was announced in a pipe and not published goes with its sender",
          "[os][process]") {
  host h;
  const std::uint64_t before = h.make_queue().id;
  const std::uint64_t first = make_pipe(h.keeper);
  h.run(announce_queue_and_die, {.endpoints = {first}});
  CHECK_FALSE(is_there(h, before + 1));
}

TEST_CASE("a pipe end that was announced and taken back is its sender's again", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  const std::uint64_t seat_of_host = h.join(q).seat;
  REQUIRE(seat_of_host == 0);
  const std::uint64_t named = make_pipe(h.keeper);
  const std::uint64_t by_pipe = make_pipe(h.keeper);
  const bool through_pipe = GENERATE(false, true);
  const std::uint64_t carrier = through_pipe ? by_pipe : q.id;
  const std::uint64_t place = through_pipe ? tail_after(2) : 0;
  announce(h.keeper, carrier, place, {named});
  CHECK(refusal_of(h.keeper, carrier, place, {named}) == errc::not_permitted);
  announce(h.keeper, carrier, place, {});
  announce(h.keeper, carrier, place, {named});
}

TEST_CASE("an announcement in a pipe that cannot be true is garbage", "[os][process]") {
  host h;
  const std::uint64_t first = make_pipe(h.keeper);
  const std::string fault = "it sent the keeper bytes that are no request";
  SECTION("further ahead than the ring is long") {
    CHECK(h.run(announce_far_ahead, {.endpoints = {first}}).text == fault);
  }
  SECTION("in a direction whose messages have one size") {
    CHECK(h.run(announce_of_one_size, {.endpoints = {first | 1}}).text == fault);
  }
  SECTION("by who has not the end, or with the very end, it is an error") {
    CHECK(refusal_of(h.keeper, first, tail_after(2), {first}) == errc::not_permitted);
    h.keeper.ask<control::done>(control::kind::leave_end, control::end_named{first});
    CHECK(refusal_of(h.keeper, first, tail_after(2), {first | 1}) == errc::not_permitted);
  }
  SECTION("to nobody it is an error") {
    h.keeper.ask<control::done>(control::kind::leave_end, control::end_named{first | 1});
    CHECK(refusal_of(h.keeper, first, tail_after(2), {make_pipe(h.keeper)}) == errc::closed);
  }
}
