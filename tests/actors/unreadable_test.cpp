// An actor behind a lane that brings what no peer of an actor's sends.
#include "actors/stepped.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "error_bytes.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
namespace actors = bulkhead::actors;
using bulkhead::errc;

namespace {

using add_atom = caf::atom_constant<caf::atom("add")>;

// Writes into the lane what no actor's peer does.
class rude_peer final : public stepped_peer {
  static constexpr auto none = bulkhead::detail::patience::none();

  static auto fill(std::uint32_t number) {
    return [number](bulkhead::detail::encoder& to) { bulkhead::detail::encode(to, number); };
  }

 public:
  using stepped_peer::stepped_peer;

  void post(std::uint32_t number) {
    CHECK_FALSE(lane_.core().post_with(sizeof number, fill(number), none));
  }
  void ask(std::uint32_t number, bulkhead::detail::call_continuation& to) {
    bulkhead::call_ticket ticket;
    CHECK_FALSE(lane_.core().begin_with(sizeof number, fill(number), to, terms_, none, ticket));
  }
};

struct noted_answer final : bulkhead::detail::call_continuation {
  caf::error why;

  bool replied(std::span<const std::byte> value, bulkhead::detail::message_endpoints&) override {
    why = actors::detail::decode_error(value.subspan(1));
    return true;
  }
  void failed(const bulkhead::call_failure& failure) noexcept override { FAIL_CHECK(failure.what); }
};

}  // namespace

TEST_CASE("a message that is none of the actor's costs itself only", "[actors][stepped]") {
  int sum = 0;
  noted_answer answer;
  {
    using adder = caf::typed_actor<caf::reacts_to<add_atom, int>>;
    stepped<adder, rude_peer> w([&](adder::pointer) -> adder::behavior_type {
      return {[&](add_atom, int n) { sum += n; }};
    });
    SECTION("which has no such signature") {
      w.peer().post(7);
      w.peer().ask(7, answer);
    }
    SECTION("which ends too early") {
      w.peer().post(0);
      w.peer().ask(0, answer);
    }
    SECTION("which names too many handles") {
      w.peer().post(actors::detail::names_bit);
      w.peer().ask(actors::detail::names_bit, answer);
    }
    w.local([&](caf::event_based_actor* self) { self->send(w.there, add_atom::value, 3); });
    CHECK(sum == 3);
  }
  CHECK(actors::is(answer.why, errc::corrupt));
}
