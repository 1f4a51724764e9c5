#pragma once

#include <atomic>
#include <bulkhead/detail/queue_port.hpp>
#include <cstddef>
#include <cstdint>

#include "core/slot_word.hpp"

namespace bulkhead::core {

inline constexpr std::uint64_t queue_magic = 0x31'51'44'41'45'48'4b'42;  // "BKHEADQ1"
inline constexpr std::uint32_t queue_format = 1;
inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t records_per_seat =
    8;  ///< Threads of one process that forward at once, one of them by its ports.
inline constexpr std::size_t forward_inputs_max = 16;
inline constexpr std::size_t forward_outputs_max = 8;
inline constexpr std::size_t death_notes_max = 8;
inline constexpr std::uint32_t inline_bytes_max = 65536;
inline constexpr std::uint32_t total_max = 1u << 20;
inline constexpr std::uint64_t message_bytes_max =
    0xffff'ffff;  ///< The meta word has 32 bits for the size.

/// What the maker of a queue chooses; the same in every process that joins it.
struct queue_shape {
  std::uint32_t capacity = 0;       ///< Messages a lane holds at most, waiting and leased together.
  std::uint32_t participants = 0;   ///< Seats.
  std::uint32_t inline_bytes = 48;  ///< Payload that fits a slot; a multiple of 8.
  std::uint32_t max_attempts = 0;   ///< 0: no bound.
  std::uint32_t max_deliveries = 0;  ///< 0: no bound.
  std::uint32_t overflow = 0;        ///< A bulkhead::overflow.
  std::uint32_t lease_ms = 0;        ///< How long a taker may hold a message; 0: until it dies.
  std::uint32_t total = 0;           ///< Messages of all lanes together at most; 0: no bound.
  std::uint64_t payload_bytes = 0;   ///< Payload area of a seat.
  std::uint64_t fingerprint = 0;     ///< Of the message type.

  friend bool operator==(const queue_shape&, const queue_shape&) = default;
};

using detail::closed_state;

/// The first page of the segment.
struct queue_header {
  std::uint64_t magic;
  std::uint32_t format;
  std::uint32_t header_bytes;
  std::uint64_t id;
  queue_shape shape;
  alignas(64) detail::queue_signs signs;
  std::atomic<std::uint32_t> seats_used;  ///< Seats from 0 that were ever given out.
  alignas(64) std::atomic<std::uint64_t> receivers[seats_max / 64];
  std::atomic<std::uint64_t> senders[seats_max / 64];
  std::atomic<std::uint64_t> takers[seats_max / 64];  ///< Seats that have taken: bit a seat.
  alignas(64) std::atomic<std::uint32_t> settled;     ///< Who joins sleeps on it.
};
static_assert(sizeof(queue_header) <= page_bytes);

enum class record_state : std::uint64_t { empty, preparing, committed };

/// One forward in progress (docs/queue-protocol.md, F4 to F9). Written by the seat's process,
/// settled by recovery.
struct forward_record {
  struct input {
    std::uint64_t queue;
    core::position position;
    std::uint32_t seat;   ///< Of the lane that holds it.
    std::uint32_t taker;  ///< Who pinned it: the seat of the record's owner in that queue.
  };
  struct output {
    std::uint64_t queue;
    core::position first;
    core::position end;
    std::uint32_t seat;  ///< The taker's own lane there.
    std::uint32_t reserved;
  };
  std::atomic<record_state> state;
  std::uint32_t input_count;
  std::uint32_t output_count;
  input inputs[forward_inputs_max];
  output outputs[forward_outputs_max];
};

struct seat_block {
  alignas(64) std::atomic<std::uint32_t> receive_park;
  std::atomic<std::uint32_t> send_park;
  alignas(64) forward_record records[records_per_seat];
};

struct lane_header {
  alignas(64) std::atomic<position> passed;        ///< All before it are published or stepped over.
  std::atomic<std::uint64_t> sequence_hint;        ///< Messages sent when the current lap began.
  alignas(64) std::atomic<std::uint64_t> version;  ///< Counts redeliveries; a change sends
                                                   ///< consumers back one lap.
  std::atomic<std::uint32_t>
      used;  ///< Not 0 from before the first publication on; till then nobody looks.
  alignas(64) std::atomic<std::uint64_t> forwarding;  ///< Bit r: record r of this seat is about to
                                                      ///< publish here.
  // What overflow did; counted by the producer alone.
  std::atomic<std::uint64_t> refused;
  std::atomic<std::uint64_t> dropped_oldest;
  std::atomic<std::uint64_t> dropped_newest;
};

/// A message place. `payload` has `inline_bytes`, or begins with a block's offset when the size is
/// larger.
struct slot : detail::queue_place {
  [[nodiscard]] slot_word load(std::memory_order order) const noexcept {
    return {word.load(order)};
  }
  void store(slot_word w, std::memory_order order) noexcept { word.store(w.bits, order); }
  bool exchange_if(slot_word expected, slot_word desired) noexcept {
    return word.compare_exchange_strong(expected.bits, desired.bits, std::memory_order_acq_rel,
                                        std::memory_order_relaxed);
  }
};
inline constexpr std::size_t slot_head_bytes = offsetof(slot, payload);
static_assert(slot_head_bytes == 16);

/// When a slot's message was taken; beside the slots, so that a message stays as small as it was.
struct slot_times {
  std::atomic<std::uint32_t> taken_ms;  ///< Low half of the coarse clock in milliseconds.
};

/// A slot's time that is its own: of an extended lease, or of a message released with a delay.
/// Low bits of the message's lap 20 | deliveries 6 | milliseconds 38.
struct slot_deadline {
  std::atomic<std::uint64_t> at;
};

/// One of the `total` messages that a bounded queue may hold: which one has it (credits.hpp).
struct credit {
  std::atomic<std::uint64_t> name;  ///< A credit_name.
};

/// Which credit a slot's message has; only where the queue has a total.
struct slot_credit {
  std::atomic<std::uint32_t> credit;
};

/// How one taker of a message ended.
struct death_note {
  std::uint64_t lap;     ///< Of the message that it is about.
  std::int64_t time_ns;  ///< Since 1970.
  std::int32_t code;
  std::int32_t signal;
  std::int32_t pid;
  std::uint16_t delivery;  ///< The how-manieth delivery it was; 0: no note.
  std::uint8_t cause;      ///< A death_cause.
  std::uint8_t core;
};

/// What the keeper knows of a slot's message: lap 38 | attempts 10 | low 16 bits of the last
/// counted death's serial.
struct fault_record {
  std::atomic<std::uint64_t> count;
  std::atomic<std::uint64_t>
      letter_for;      ///< Lap + 1 of the message that `letter_at` is about, 0: none.
  position letter_at;  ///< Where its dead letter is, or was to be, published.
  std::uint64_t reserved;
  death_note notes[death_notes_max];
};

/// Where everything lies in a segment of a given shape.
struct queue_layout {
  explicit queue_layout(const queue_shape& shape);

  std::uint32_t ring_slots;
  std::size_t slot_bytes;
  std::size_t times_offset;                                        ///< Of the slot_times in a lane.
  std::size_t deadlines_offset;                                    ///< Of the slot_deadlines.
  std::size_t slot_credits_offset;                                 ///< Of the slot_credits.
  std::size_t seat_bytes, lane_bytes, fault_bytes, payload_bytes;  // a seat
  std::size_t credits_offset, seats_offset, lanes_offset, faults_offset, payload_offset,
      total_bytes;
};

/// @returns the reason why no queue can have this shape, or nullptr.
const char* bad_shape(const queue_shape& shape) noexcept;

}  // namespace bulkhead::core
