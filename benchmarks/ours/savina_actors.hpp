#pragma once

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

// The actors of the Savina-like set. They do not know where the others are.
namespace bench::savina {

using count_atom = caf::atom_constant<caf::atom("count")>;
using peer_atom = caf::atom_constant<caf::atom("peer")>;
using meet_atom = caf::atom_constant<caf::atom("meet")>;

/// Asked to do something so often, answers how often it did, when it has.
using driver = caf::typed_actor<caf::replies_to<int>::with<int>>;

// -- counting, fork-join: many messages to those who do little ------------------------------------
using counter = caf::typed_actor<caf::reacts_to<int>, caf::replies_to<count_atom>::with<int>>;

inline counter::behavior_type count(counter::pointer, int work) {
  const auto seen = std::make_shared<int>(0);
  return {[=](int n) {
            double angle = n;
            for (int turn = 0; turn < work; ++turn) angle = std::sin(angle);
            *seen += std::isnan(angle) ? 2 : 1;  // never: the work is to be done
          },
          [=](count_atom) { return std::exchange(*seen, 0); }};
}

// -- ping-pong ------------------------------------------------------------------------------------
using ponger = caf::typed_actor<caf::replies_to<int>::with<int>>;

inline ponger::behavior_type pong(ponger::pointer) {
  return {[](int n) { return n; }};
}

/// Asks `next()` one after the other, so often, then has `self` answer.
template <class Self, class Next>
caf::typed_response_promise<int> ask_in_turn(Self self, int times, Next next) {
  auto promise = self->template make_response_promise<int>();
  const auto left = std::make_shared<int>(times);
  const auto step = std::make_shared<std::function<void()>>();
  *step = [=]() {
    self->request(next(), caf::infinite, *left).then([=](int) mutable {
      if (--*left > 0) return (*step)();
      *step = nullptr;
      promise.deliver(times);
    });
  };
  (*step)();
  return promise;
}

inline driver::behavior_type ping(driver::pointer self, const ponger& to) {
  return {[=](int times) { return ask_in_turn(self, times, [to] { return to; }); }};
}

// -- thread ring: a token goes round --------------------------------------------------------------
using node = caf::typed_actor<caf::reacts_to<int>>;

inline node::behavior_type pass_on(node::pointer self, const node& next) {
  return {[=](int hops) { self->send(next, hops - 1); }};
}

/// The node at which the ring is closed.
struct ring_gate {
  node first = {};
  std::function<void()> done = {};
};
inline node::behavior_type close_ring(node::pointer self, const std::shared_ptr<ring_gate>& gate) {
  return {[=](int hops) {
    if (hops > 0) return self->send(gate->first, hops - 1);
    gate->done();
  }};
}

// -- big: everyone asks everyone ------------------------------------------------------------------
// Each gives one who can be asked, is told of all of them, and asks them.
using big = caf::typed_actor<caf::replies_to<peer_atom>::with<ponger>,
                             caf::reacts_to<std::vector<ponger>>, caf::replies_to<int>::with<int>>;

inline big::behavior_type be_big(big::pointer self, int seed) {
  const auto dice = std::make_shared<std::minstd_rand>(static_cast<unsigned>(seed));
  const auto all = std::make_shared<std::vector<ponger>>();
  return {[self](peer_atom) { return self->spawn(pong); },
          [all](const std::vector<ponger>& told) { *all = told; },
          [self, dice, all](int times) {
            return ask_in_turn(self, times, [=] { return (*all)[(*dice)() % all->size()]; });
          }};
}

// -- chameneos: pairs meet in one place -----------------------------------------------------------
// A meeting is answered with the other's colour; with -1 when there will be no more. An int: so
// many meetings will be.
using mall = caf::typed_actor<caf::reacts_to<int>, caf::replies_to<meet_atom, int>::with<int>>;

struct mall_state {
  int left = 0;
  int colour = 0;
  std::optional<caf::typed_response_promise<int>> waits = {};
};
inline mall::behavior_type open_mall(mall::stateful_pointer<mall_state> self) {
  return {[self](int meetings) { self->state.left = meetings; },
          [self](meet_atom, int colour) {
            auto& state = self->state;
            auto promise = self->make_response_promise<int>();
            if (state.left == 0) {
              promise.deliver(-1);
            } else if (!state.waits) {
              state.waits = promise;
              state.colour = colour;
            } else {
              --state.left;
              promise.deliver(state.colour);
              state.waits->deliver(colour);
              state.waits.reset();
            }
            return promise;
          }};
}

/// Answers how many it met.
inline driver::behavior_type be_creature(driver::pointer self, const mall& where) {
  return {[=](int colour) {
    auto promise = self->make_response_promise<int>();
    const auto mine = std::make_shared<int>(colour);
    const auto met = std::make_shared<int>(0);
    const auto step = std::make_shared<std::function<void()>>();
    *step = [=]() {
      self->request(where, caf::infinite, meet_atom::value, *mine).then([=](int other) mutable {
        if (other >= 0) {
          *mine = *mine == other ? *mine : 3 - *mine - other;
          ++*met;
          return (*step)();
        }
        *step = nullptr;
        promise.deliver(*met);
      });
    };
    (*step)();
    return promise;
  }};
}

}  // namespace bench::savina
