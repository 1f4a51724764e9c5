#include "runtime/pipe_ring_memory.hpp"
#include "support/catch.hpp"

using namespace pipe_ring;

namespace {

constexpr std::uint32_t full_patience_ns = 50'000;

struct listener {
  listener() : pipe(8, 64, 4096), peer(pipe), own(pipe) {}
  void peer_sends(int count) {
    for (int n = 0; n < count; ++n) REQUIRE(peer.send("12345678"));
  }
  // What a receiver does that found nothing at its first look.
  bool spin() { return own.port->spin_for_message(); }
  void take_all() {
    while (own.receive() != "(nothing)") {
    }
  }
  memory_pipe pipe;
  sender peer;
  receiver own;
};

}  // namespace

TEST_CASE("who only receives looks after pauses that grow while each brings several messages",
          "[pipe][unit]") {
  listener here;
  for (int n = 0; n < 8 && here.own.port->pauses == 0; ++n) {
    here.peer_sends(5);
    REQUIRE(here.spin());
    here.take_all();
  }
  const std::uint32_t first = here.own.port->pauses;
  REQUIRE(first != 0);
  here.peer_sends(2);
  REQUIRE(here.spin());
  CHECK(here.own.port->pauses == 2 * first);
  here.take_all();
  SECTION("one message alone halves them") {
    here.peer_sends(1);
    REQUIRE(here.spin());
    CHECK(here.own.port->pauses == first);
  }
  SECTION("they do not grow without end") {
    for (int n = 0; n < 20; ++n) {
      here.peer_sends(2);
      REQUIRE(here.spin());
      here.take_all();
    }
    CHECK(here.own.port->pauses == 32);
  }
  SECTION("who has sent something waits for the answer without a pause") {
    here.pipe.view().positions(1).tail.fetch_add(1);
    here.peer_sends(2);
    REQUIRE(here.spin());
    CHECK(here.own.port->pauses == 0);
  }
}

TEST_CASE("a receiver whose looks bring one message each lets the sender get ahead",
          "[pipe][unit]") {
  listener here;
  const auto look = [&](int messages) {
    here.take_all();
    here.peer_sends(messages);
    REQUIRE(here.own.port->refill(true));
  };
  for (int n = 1; n <= detail::rides_most; ++n) {
    look(1);
    REQUIRE(here.own.port->rides == n);
  }
  SECTION("and goes on so where many have come") {
    look(static_cast<int>(detail::ridden_for) + 1);
    CHECK(here.own.port->rides == 0);
  }
  SECTION("and does not try again soon where only one has come") {
    look(1);
    CHECK(here.own.port->rides < -100);
  }
  SECTION("but not where it has sent something since: it waits for an answer") {
    here.pipe.view().positions(1).tail.fetch_add(1);
    look(1);
    CHECK(here.own.port->rides == 0);
  }
  SECTION("but not when it must not wait") {
    here.take_all();
    here.peer_sends(1);
    REQUIRE(here.own.port->refill(false));
    CHECK(here.own.port->rides == detail::rides_most + 1);
  }
}

TEST_CASE("a look that brings many messages is no riding", "[pipe][unit]") {
  listener here;
  for (const int messages : {1, 1, 1, static_cast<int>(detail::ridden_for) + 1}) {
    here.take_all();
    here.peer_sends(messages);
    REQUIRE(here.own.port->refill(true));
  }
  CHECK(here.own.port->rides == 0);
}

TEST_CASE("a sender whose looks bring one place each lets the receiver get ahead", "[pipe][unit]") {
  listener here;
  here.peer_sends(64);
  const auto look = [&](int places) {
    for (int n = 0; n < places; ++n) REQUIRE(here.own.receive() == "12345678");
    REQUIRE(here.peer.port->refill(true));
    here.peer_sends(places);
  };
  for (int n = 1; n <= detail::rides_most; ++n) {
    look(1);
    REQUIRE(here.peer.port->rides == n);
  }
  SECTION("and goes on so where many are free") {
    look(static_cast<int>(detail::ridden_for) + 1);
    CHECK(here.peer.port->rides == 0);
  }
  SECTION("and does not try again soon where only one is free") {
    look(1);
    CHECK(here.peer.port->rides < -100);
  }
}

TEST_CASE("patience grows by success and falls by failure, within its bounds", "[pipe][unit]") {
  listener here;
  here.peer_sends(1);
  std::uint32_t before = 0;
  for (int n = 0; n < 20; ++n) {
    REQUIRE(here.spin());
    CHECK(here.own.port->patience_ns >= before);
    before = here.own.port->patience_ns;
  }
  CHECK(before == full_patience_ns);
  here.take_all();
  REQUIRE_FALSE(here.spin());
  CHECK(here.own.port->patience_ns == full_patience_ns / 2);
  for (int n = 0; n < 20; ++n) REQUIRE_FALSE(here.spin());
  CHECK(here.own.port->patience_ns == 100);
}
