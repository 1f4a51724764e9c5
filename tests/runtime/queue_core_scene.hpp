#pragma once

#include <string>

#include "runtime/queue_core_memory.hpp"
#include "support/catch.hpp"

namespace queue_core {

inline core::casualty death(std::uint32_t serial, bool own_doing) {
  core::casualty dead;
  dead.serial = serial;
  dead.own_doing = own_doing;
  dead.note.signal = 11;
  dead.note.pid = 4711;
  return dead;
}

// Seat 0 sends, seat 1 dies, seat 2 lives on; its cursor has passed what seat 1 holds.
struct scene {
  explicit scene(core::queue_shape shape = small(4, 3))
      : q(shape), source(q.sender(0)), dead(q.receiver(1)), alive(q.receiver(2)) {}

  core::lease dead_takes(const std::string& text) {
    REQUIRE(q.send(source, text) == core::outcome::done);
    const auto l = q.take(dead);
    REQUIRE(l);
    CHECK(q.receive(alive) == "nothing");
    return *l;
  }
  // Taken, its taker dies by its own doing, and so on.
  void die_with(const std::string& text, int times, core::graveyard* graves) {
    REQUIRE(q.send(source, text) == core::outcome::done);
    for (int n = 0; n < times; ++n) {
      REQUIRE(q.take(dead));
      q.recover(1, death(static_cast<std::uint32_t>(100 + n), true), graves);
    }
  }

  memory_queue q;
  core::producer source;
  core::consumer dead, alive;
};

inline core::queue_shape bounded(std::uint32_t attempts, std::uint32_t deliveries) {
  auto shape = small(4, 3);
  shape.max_attempts = attempts;
  shape.max_deliveries = deliveries;
  return shape;
}

}  // namespace queue_core
