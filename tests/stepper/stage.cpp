#include <cstdio>
#include <cstdlib>

#include "stepper/scenario.hpp"

namespace stepper {

void require(bool truth, const char* what) {
  if (truth) return;
  std::fprintf(stderr, "step_test: setup: %s\n", what);
  std::exit(2);
}

// Everyone has used every lane once, for more than a lap, so that no operation grows a container or
// meets lap 0.
stage::stage(const world& w) : shared(&w), source(w, 0, 0), worker(w, 1, 0), survivor(w, 2, 0) {
  const std::uint32_t slots = w.in().ring_slots();
  for (std::uint64_t n = 0; n < slots + 3; ++n) {
    require(send(source.in_send, 1 + n) == core::outcome::done, "warm-up send");
    core::lease l;
    require(worker.in_take.take(l), "warm-up take");
    require(forward(w.in(), l, worker.out_send, 1 + 3 * n, 3, 0) == core::outcome::done,
            "warm-up forward");
    for (int m = 0; m < 3; ++m) {
      require(survivor.out_take.take(l), "warm-up result");
      core::acknowledge(w.out(), l);
    }
    turn_lane(worker.in_send, 1 + n, 1);
  }
  core::lease none;
  require(!survivor.in_take.take(none) && !worker.in_take.take(none), "warm-up leaves nothing");
}

void stage::give_subject(std::uint64_t value) {
  require(send(source.in_send, value) == core::outcome::done, "the source sends");
}

void stage::give(std::uint64_t value) {
  give_subject(value);
  bystanders.push_back(value);
}

void stage::worker_takes() { require(worker.in_take.take(held), "the worker takes"); }

void stage::survivor_takes() {
  core::lease l;
  require(survivor.in_take.take(l), "the survivor takes");
  survivors_in.push_back(l);
}

void stage::turn_lane(core::producer& lane, std::uint64_t first, std::size_t messages) {
  const bool in = &lane.queue() == &shared->in();
  for (std::size_t n = 0; n < messages; ++n) {
    core::lease l;
    require(send(lane, first + n) == core::outcome::done, "a message to turn the lane");
    require((in ? survivor.in_take : survivor.out_take).take(l), "it is taken");
    core::acknowledge(lane.queue(), l);
  }
}

}  // namespace stepper
