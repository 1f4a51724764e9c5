#pragma once

#include "core/queue_view.hpp"

namespace bulkhead::core {

/// Where a lane's producer last said that all before it is settled: nothing there waits or is held,
/// and nothing comes back (docs/queue-protocol.md, Settled). What looks for messages begins there
/// instead of walking over a whole ring.
/// @returns false when what stands there cannot be: it is no further than `passed` may lag, since a
/// word of half a life ago, too, would seem to lie ahead.
inline bool find_settled(const queue_view& queue, std::uint32_t lane, position& out) noexcept {
  const lane_header& header = queue.lane(lane);
  // Acquire, both: who begins there sees all that was published before it (T2).
  out = header.settled.load(std::memory_order_acquire);
  if (!is_position(out, queue.ring_slots())) return false;
  const position passed = header.passed.load(std::memory_order_acquire);
  return before(out, make_position(lap_of(passed) + 2, index_of(passed)));
}

}  // namespace bulkhead::core
