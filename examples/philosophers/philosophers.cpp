// Five philosophers in processes of their own share five forks, and at times one dies with forks
// in its hands. The table, an actor of this process, gives both forks or none, so that nobody waits
// for who waits; the first word of a philosopher's next life gives back what the last one held.
#include <array>
#include <bulkhead/actors/actors.hpp>
#include <bulkhead/bulkhead.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>

namespace actors = bulkhead::actors;

namespace {

constexpr int seats = 5;
constexpr int meals_wanted = 50;

using take_atom = caf::atom_constant<caf::atom("take")>;
using put_atom = caf::atom_constant<caf::atom("put")>;
using eat_atom = caf::atom_constant<caf::atom("eat")>;
using dead_atom = caf::atom_constant<caf::atom("dead")>;
using life = std::uint64_t;  // which incarnation of a philosopher

// take is answered when both forks are there, with false when the seat has had its meals.
using table = caf::typed_actor<caf::replies_to<take_atom, int, life>::with<bool>,
                               caf::reacts_to<put_atom, int, life>,  //
                               caf::replies_to<dead_atom>::with<int>>;
using philosopher = caf::typed_actor<caf::reacts_to<eat_atom>>;

struct place {
  life who = 0;
  bool eats = false;
  std::optional<caf::typed_response_promise<bool>> hungry = {};
  int meals = 0;
};

struct table_state {
  std::array<place, seats> places;
  int deaths = 0;

  place& at(int seat) { return places[static_cast<std::size_t>((seat + seats) % seats)]; }

  // The place, unless these are words of the dead: those of two lives may overtake each other.
  place* heard(int seat, life who) {
    place& here = at(seat);
    if (who > here.who) {
      if (here.eats) ++deaths;
      here = {.who = who, .meals = here.meals};
    }
    return who == here.who ? &here : nullptr;
  }
  void serve() {
    for (int seat = 0; seat < seats; ++seat) {
      place& here = at(seat);
      const bool wants_more = here.meals < meals_wanted;
      if (!here.hungry || (wants_more && (at(seat - 1).eats || at(seat + 1).eats))) continue;
      here.eats = wants_more;
      here.hungry->deliver(wants_more);
      here.hungry.reset();
    }
  }
};

table::behavior_type lay_table(table::stateful_pointer<table_state> self) {
  return {[self](take_atom, int seat, life who) {
            auto promise = self->make_response_promise<bool>();
            if (place* here = self->state.heard(seat, who)) here->hungry = promise;
            self->state.serve();
            return promise;
          },
          [self](put_atom, int seat, life who) {
            place* const here = self->state.heard(seat, who);
            if (here == nullptr) return;
            here->eats = false;
            ++here->meals;
            self->state.serve();
          },
          [self](dead_atom) { return self->state.deaths; }};
}

philosopher::behavior_type dine(philosopher::stateful_pointer<int> self, const table& at,
                                int seat) {
  const life me = bulkhead::this_process::incarnation();
  self->state = 0;  // forkfuls of this life
  self->send(self, eat_atom::value);
  return {[=](eat_atom) {
    self->request(at, caf::infinite, take_atom::value, seat, me).then([=](bool wants_more) {
      if (!wants_more) return self->quit();
      if (++self->state == 10 && me <= 3) ::raise(SIGKILL);  // the tenth was a fish bone
      self->send(at, put_atom::value, seat, me);
      self->send(self, eat_atom::value);
    });
  }};
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  actors::system sys{rt};
  bulkhead::supervisor sup{rt,
                           {.intensity = bulkhead::unlimited,
                            .auto_shutdown = bulkhead::auto_shutdown::all_significant}};
  caf::scoped_actor self{sys.caf()};
  const table here = sys.caf().spawn(lay_table);
  for (int seat = 0; seat < seats; ++seat) {
    actors::spawn_process<philosopher>(sys, sup,
                                       {.name = "philosopher-" + std::to_string(seat),
                                        .restart = bulkhead::restart::transient,
                                        .significant = true,
                                        .backoff = bulkhead::no_backoff},
                                       dine, here, seat);
  }
  sup.join();  // when the last has had its meals
  self->request(here, caf::infinite, dead_atom::value)
      .receive(
          [](int deaths) {
            std::cout << seats << " philosophers ate " << meals_wanted << " times each, " << deaths
                      << " died with forks in their hands\n";
          },
          [&](const caf::error& why) { std::cout << sys.caf().render(why) << '\n'; });
}
// examples/philosophers/philosophers prints
//   5 philosophers ate 50 times each, 15 died with forks in their hands
