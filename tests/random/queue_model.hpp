#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "core/queue_layout.hpp"

namespace random_test {

/// A message that is not settled, as it must be.
struct model_message {
  enum class where : std::uint8_t { waiting, held, aside };

  std::string text;
  std::uint64_t sequence = 0;  ///< In its lane.
  std::uint32_t deliveries = 0;
  std::uint32_t attempts = 0;
  where at = where::waiting;
  std::uint32_t holder = 0;    ///< While held.
  bool rejected = false;       ///< While aside.
  std::vector<int> signals{};  ///< What its takers died of.
  std::uint64_t position = 0;  ///< Known from its first delivery on.
};

/// What a queue should be, in the simplest way: a list of messages a lane.
struct queue_model {
  using lane = std::list<model_message>;

  explicit queue_model(const bulkhead::core::queue_shape& s)
      : shape(s), lanes(s.participants), sent(s.participants) {}

  bulkhead::core::queue_shape shape;
  std::vector<lane> lanes;
  std::vector<std::uint64_t> sent;
  bool closed = false;
  std::uint64_t waiting = 0;
  std::uint64_t aside = 0;

  void add(std::uint32_t seat, std::string text) {
    lanes[seat].push_back({std::move(text), ++sent[seat]});
    ++waiting;
  }
  /// The one that must come first out of a lane.
  [[nodiscard]] model_message* oldest_waiting(std::uint32_t seat) {
    for (model_message& m : lanes[seat]) {
      if (m.at == model_message::where::waiting) return &m;
    }
    return nullptr;
  }
  [[nodiscard]] model_message* held(std::uint32_t seat, std::uint64_t position) {
    for (model_message& m : lanes[seat]) {
      if (m.at == model_message::where::held && m.position == position) return &m;
    }
    return nullptr;
  }
  void move(model_message& m, model_message::where to) {
    using where = model_message::where;
    waiting -= m.at == where::waiting ? 1 : 0;
    aside -= m.at == where::aside ? 1 : 0;
    waiting += to == where::waiting ? 1 : 0;
    aside += to == where::aside ? 1 : 0;
    m.at = to;
  }
  void remove(std::uint32_t seat, const model_message* m) {
    move(const_cast<model_message&>(*m), model_message::where::held);
    lanes[seat].remove_if([m](const model_message& other) { return &other == m; });
  }
  [[nodiscard]] std::uint64_t unsettled() const {
    std::uint64_t sum = 0;
    for (const lane& l : lanes) sum += l.size();
    return sum;
  }
  /// True when `count` messages more would be more than the queue's total.
  [[nodiscard]] bool is_beyond_total(std::uint64_t count) const {
    return shape.total != 0 && unsettled() + count > shape.total;
  }
  /// One more delivery ended without an acknowledgement. @returns whether it was the last.
  [[nodiscard]] bool used_up(const model_message& m) const {
    return (shape.max_attempts != 0 && m.attempts >= shape.max_attempts) ||
           (shape.max_deliveries != 0 && m.deliveries >= shape.max_deliveries);
  }
};

}  // namespace random_test
