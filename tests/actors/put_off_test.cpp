// An actor behind a lane that puts off what comes.
#include "actors/stepped.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "support/catch.hpp"

using namespace bulkhead_test;

namespace {

// Says how many of it there are.
struct counted {
  counted() { ++alive; }
  counted(const counted& other) : number(other.number) { ++alive; }
  counted& operator=(const counted&) = default;
  ~counted() { --alive; }

  int number = 0;
  static inline int alive = 0;
};
template <class Inspector>
auto inspect(Inspector& f, counted& x) {
  return f(x.number);
}

using hold_atom = caf::atom_constant<caf::atom("hold")>;
using putting_off = caf::typed_actor<caf::reacts_to<hold_atom>, caf::reacts_to<counted>>;
using holding = caf::typed_actor<caf::replies_to<int>::with<int>>;

}  // namespace

TEST_CASE("an actor that waits for another has a bounded part of what comes in its mailbox",
          "[actors][stepped]") {
  constexpr int sent = 20'000;
  constexpr int most = 16'384 + 64;
  int handled = 0;
  caf::typed_response_promise<int> held;
  {
    stepped<putting_off> w([&](putting_off::pointer self) -> putting_off::behavior_type {
      return {[&, self](hold_atom) {
                const holding other =
                    self->spawn([&](holding::pointer me) -> holding::behavior_type {
                      return {[&, me](int) {
                        held = me->make_response_promise<int>();
                        return held;
                      }};
                    });
                self->request(other, caf::infinite, 1).await([](int) {});
              },
              [&](const counted&) { ++handled; }};
    });
    w.local([&](caf::event_based_actor* self) {
      self->send(w.there, hold_atom::value);
      for (int n = 0; n < sent; ++n) self->send(w.there, counted());
    });
    CHECK(handled == 0);
    CHECK(counted::alive <= most);
    held.deliver(1);
    w.run();
    CHECK(handled == sent);
  }
}
