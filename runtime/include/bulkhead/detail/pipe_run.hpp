#pragma once

#include <algorithm>
#include <bulkhead/detail/pipe_port.hpp>

// Batches on the fast path: as many messages as there are, for one look at the other side and one
// store.
namespace bulkhead::detail {

/// So many at most, so that the receiver begins with the first while the last are written.
inline constexpr std::uint64_t pipe_run_max = 128;

/// How far a batch came.
struct run_result {
  std::size_t count = 0;
  fast how = fast::no;
};

/// Sends from `next` on, which is moved, while there is room.
template <class T, class Iterator, class Sentinel>
run_result send_run(pipe_out_port& port, Iterator& next, const Sentinel& end) {
  if (!port.gate.enter()) return {};
  if (port.tail == port.free_to && !port.refill(true)) {
    port.gate.leave();
    return {};
  }
  std::uint64_t place = port.tail;
  const std::uint64_t stop = place + std::min(port.free_to - place, pipe_run_max);
  for (; place != stop && next != end; ++place, ++next) {
    port.store(place, static_cast<const T&>(*next));
  }
  const auto count = static_cast<std::size_t>(place - port.tail);
  return {count, port.publish(place)};
}

/// Receives up to `max` of those that are there; `put` takes each.
template <class T, class Put>
run_result receive_run(pipe_in_port& port, std::size_t max, bool waits, Put put) {
  if (!port.gate.enter()) return {};
  if ((waits && port.stop->load(std::memory_order_relaxed) != 0) ||
      (port.head == port.limit && !port.refill(waits))) {
    port.gate.leave();
    return {};
  }
  std::uint64_t place = port.head;
  const std::uint64_t stop = place + std::min<std::uint64_t>(port.limit - place, max);
  for (; place != stop; ++place) {
    if (!put([&](T& out) { return port.load(place, out); })) break;
  }
  if (place == port.head) {
    port.gate.leave();
    return {0, fast::bad};
  }
  const auto count = static_cast<std::size_t>(place - port.head);
  return {count, port.release(place)};
}

}  // namespace bulkhead::detail
