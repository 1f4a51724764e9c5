#include "core/queue_layout.hpp"

#include <algorithm>
#include <bulkhead/overflow.hpp>

namespace bulkhead::core {
namespace {

constexpr std::size_t round_up(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

}  // namespace

// The ring has an eighth more slots than the bound (at least 8): one for the producer to find when
// all others are held, the rest for results that a forward sends into the lane whose message it
// still holds.
queue_layout::queue_layout(const queue_shape& shape)
    : ring_slots(shape.capacity + std::max<std::uint32_t>(8, shape.capacity / 8)),
      slot_bytes(slot_head_bytes + shape.inline_bytes),
      times_offset(round_up(sizeof(lane_header) + ring_slots * slot_bytes, 64)),
      deadlines_offset(round_up(times_offset + ring_slots * sizeof(slot_times), 64)),
      slot_credits_offset(deadlines_offset + ring_slots * sizeof(slot_deadline)),
      ways_offset(round_up(ring_slots * sizeof(fault_record), page_bytes)),
      letters_offset(round_up(ways_offset + ring_slots * sizeof(fault_way), page_bytes)),
      seat_bytes(round_up(sizeof(seat_block), page_bytes)),
      lane_bytes(
          round_up(slot_credits_offset + (shape.total == 0 ? 0 : ring_slots * sizeof(slot_credit)),
                   page_bytes)),
      fault_bytes(round_up(letters_offset + ring_slots * sizeof(letter_place), page_bytes)),
      payload_bytes(round_up(shape.payload_bytes, page_bytes)),
      credits_offset(round_up(sizeof(queue_header), page_bytes)),
      seats_offset(round_up(credits_offset + shape.total * sizeof(credit), page_bytes)),
      lanes_offset(seats_offset + shape.participants * seat_bytes),
      deaths_offset(lanes_offset + shape.participants * lane_bytes),
      faults_offset(round_up(deaths_offset + sizeof(death_log), page_bytes)),
      payload_offset(faults_offset + shape.participants * fault_bytes),
      total_bytes(payload_offset + shape.participants * payload_bytes) {}

const char* bad_shape(const queue_shape& shape) noexcept {
  if (shape.capacity == 0) return "capacity is 0; a queue holds at least 1 message";
  if (shape.capacity > ring_slots_max / 2) return "capacity is above 8388608";
  if (shape.participants == 0) return "participants is 0; a queue has at least 1 seat";
  if (shape.participants > seats_max) return "participants is above 4096";
  if (shape.inline_bytes % 8 != 0 || shape.inline_bytes < 8)
    return "inline_bytes is no multiple of 8";
  if (shape.inline_bytes > 65536) return "inline_bytes is above 64 KiB";
  if (shape.inline_bytes > inline_bytes_max) return "inline_bytes is above 65536";
  if (shape.payload_bytes > (std::uint64_t{1} << 32)) return "payload_bytes is above 4 GiB";
  if (shape.overflow > static_cast<std::uint32_t>(overflow::drop_newest))
    return "overflow is none of block, refuse, drop_oldest, drop_newest";
  if (shape.max_deliveries >= deliveries_max) return "max_deliveries is above 62; 0 means no bound";
  if (shape.total > total_max) return "total is above 1048576; 0 means no bound";
  if (shape.max_attempts > 1000) return "max_attempts is above 1000; 0 means no bound";
  return nullptr;
}

}  // namespace bulkhead::core
