#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bulkhead/errc.hpp>

#include "process/keeper_support/host.hpp"
#include "process/library/reserves.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::os::child_context;

namespace {

int exit_0(child_context&) { return 0; }

void say(int line, std::span<const std::byte> bytes) {
  static_cast<void>(::send(line, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

// Says the bytes that it was given, and waits for what comes of it.
int say_arguments(child_context& start) {
  say(start.control.get(), start.arguments);
  for (;;) ::pause();
}

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

}  // namespace

TEST_CASE("a child that sends garbage is ended and reported", "[os][process]") {
  host h;
  const auto body = GENERATE_COPY(
      bytes({1, 2, 3}),                                        // shorter than a header
      bytes({99, 0, 0, 0, 0, 0, 0, 0}),                        // no such kind
      bytes({0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}),             // hello, which is the host's
      bytes({6, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 1}),  // spawn, with an endless name
      bytes({2, 0, 1, 0, 0, 0, 0, 0}),  // a body in a memfd that is not there
      bytes({static_cast<int>(control::kind::open_process), 0, 0, 0, 0, 0, 0, 0, 1, 0}),  // cut off
      std::vector<std::byte>(60'000, std::byte{1}));  // longer than any datagram of ours
  const auto end = h.run(say_arguments, {.arguments = body});
  CHECK(end.signal == SIGKILL);
  CHECK_FALSE(end.text.empty());
  CHECK(h.run(exit_0).success());
}

TEST_CASE("random bytes never harm the keeper", "[os][process]") {
  host h;
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (int round = 0; round < 100; ++round) {
    std::vector<std::byte> noise(8 + round);
    for (std::byte& b : noise) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      b = static_cast<std::byte>(state >> 56);
    }
    noise[0] = static_cast<std::byte>(1 + round % static_cast<int>(control::kind_max));
    noise[1] = noise[2] = noise[3] = std::byte{0};
    const child c = h.spawn(say_arguments, {.arguments = noise});
    try {
      h.signal(c, SIGTERM);
    } catch (const bulkhead::error& failure) {  // it was ended already
      CHECK(failure.code() == bulkhead::errc::stale_incarnation);
    }
    CHECK(h.end_of(c).status.signal != 0);
  }
  CHECK(h.run(exit_0).success());
}

TEST_CASE("a host that sends garbage loses its line", "[os][process]") {
  host h;
  const pid_t keeper = h.keeper_pid();
  say(h.keeper.fd(), bytes({1, 2, 3}));
  CHECK_THROWS_AS(h.spawn(exit_0), bulkhead::error);
  CHECK_FALSE(is_gone(keeper));
  ::kill(keeper, SIGKILL);
}

TEST_CASE("a spawn without the descriptors that it names is garbage", "[os][process]") {
  control::process_setup setup;
  setup.streams = GENERATE(std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{255});
  setup.directory = setup.streams == 0;
  setup.command = {"true"};
  host h;
  const pid_t keeper = h.keeper_pid();
  control::spawn wanted;
  wanted.name = "none";
  wanted.setup = setup;
  CHECK_THROWS_AS(h.keeper.ask<control::spawn_reply>(control::kind::spawn, wanted),
                  bulkhead::error);
  CHECK_FALSE(is_gone(keeper));
  ::kill(keeper, SIGKILL);
}

TEST_CASE("descriptors that nobody asked for are closed", "[os][process]") {
  host h;
  h.run(exit_0);
  REQUIRE(reserve_of(h.keeper_pid()) != 0);
  const std::size_t before = count_descriptors(h.keeper_pid());
  const int extra[] = {0, 1, 2};
  const auto q = h.make_queue();
  for (int n = 0; n < 10; ++n) {
    h.keeper.ask<control::seat_reply>(control::kind::join_queue, control::queue_named{q.id},
                                      nullptr, extra);
  }
  CHECK(eventually([&] { return count_descriptors(h.keeper_pid()) == before + 3; }));
}
