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
