#pragma once

#include <atomic>
#include <bulkhead/detail/queue_port.hpp>
#include <cstddef>
#include <cstdint>

#include "core/slot_word.hpp"

namespace bulkhead::core {

inline constexpr std::uint64_t queue_magic = 0x31'51'44'41'45'48'4b'42;  // "BKHEADQ1"
inline constexpr std::uint32_t queue_format = 4;
inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t records_per_seat =
    7;  ///< Threads of one process that forward at once, beside one by its ports.
inline constexpr std::size_t forward_inputs_max = 16;
inline constexpr std::size_t forward_outputs_max = 8;
inline constexpr std::size_t death_notes_max = 8;  ///< Deaths that a letter tells of.
inline constexpr std::size_t deaths_kept = 256;    ///< A queue; older ones are forgotten.
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

/// Messages in a row that a seat takes by its port, and since when: their slots' times are written
/// only when the run ends before they are settled. For `in_flight`, which may be a run late.
struct taking_run {
  std::atomic<std::uint64_t> first;  ///< lane << 32 | index.
  std::atomic<std::uint64_t> span;   ///< How many << 32 | low half of the coarse clock in ms.

  void say(std::uint64_t where, std::uint32_t count, std::uint32_t now_ms) noexcept {
    first.store(where, std::memory_order_relaxed);
    span.store((std::uint64_t{count} << 32) | now_ms, std::memory_order_relaxed);
  }
  /// @returns whether the message at `where` is in the run; since when it is at `ms`.
  [[nodiscard]] bool has(std::uint64_t where, std::uint32_t& ms) const noexcept {
    const std::uint64_t all = span.load(std::memory_order_relaxed);
    ms = static_cast<std::uint32_t>(all);
    return where - first.load(std::memory_order_relaxed) < (all >> 32);
  }
};

struct seat_block {
  alignas(64) std::atomic<std::uint32_t> receive_park;
  std::atomic<std::uint32_t> send_park;
  alignas(64) taking_run run;
  detail::handover handover;  ///< Of a forward by the ports.
  alignas(64) forward_record records[records_per_seat];
};

struct lane_header {
  alignas(64) std::atomic<position> passed;        ///< All before it are published or stepped over.
  std::atomic<std::uint64_t> sequence_hint;        ///< Messages sent when the current lap began.
  std::atomic<position> settled;                   ///< All before it were settled, if it is not
                                                   ///< far ahead of `passed`.
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
  /// Acquire: what was handed over with `expected` is there (a message, T3; a free place, C1).
  /// Release: what the caller read or wrote comes before `desired`.
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
  std::int64_t time_ns;  ///< Since 1970.
  std::int32_t code;
  std::int32_t signal;
  std::int32_t pid;
  std::uint8_t cause;  ///< A death_cause.
  std::uint8_t core;
};

/// A death that ended a lease of this queue. Written once, however many leases it ended, so that
/// what is written a message is two words.
struct death_record {
  std::atomic<std::uint64_t>
      number;  ///< Counts the deaths of this queue; 0: none, or half written.
  death_note note;
  std::uint32_t serial;  ///< Of the dead participant: a repeated recovery finds its own record.
};

/// The newest deaths of a queue: death `n` is at n % deaths_kept.
struct death_log {
  std::atomic<std::uint64_t> newest;  ///< Its number; 0: nobody died yet.
  death_record deaths[deaths_kept];
};

/// What the keeper knows of the takers that a slot's message had.
struct fault_record {
  /// Lap 38 | attempts 10 | low 16 bits of the newest death's number, 0: none. This word alone says
  /// whether a death is counted.
  std::atomic<std::uint64_t> count;
};

/// The way back from a fault_record's death to those before it: low 16 bits of the number of the
/// death that it leads from, then 8 times 6 bits how many numbers further back the next one is, 0:
/// no further. Apart from the record, since most messages lose one taker at most, and what is not
/// touched needs no memory.
struct fault_way {
  std::atomic<std::uint64_t> bits;
};

/// Where the dead letter of a slot's message is, or was to be, published.
struct letter_place {
  std::atomic<std::uint64_t> claimed_for;  ///< Lap + 1 of the message that `at` is about, 0: none.
  position at;
};

/// Where everything lies in a segment of a given shape.
struct queue_layout {
  explicit queue_layout(const queue_shape& shape);

  std::uint32_t ring_slots;
  std::size_t slot_bytes;
  std::size_t times_offset;                                        ///< Of the slot_times in a lane.
  std::size_t deadlines_offset;                                    ///< Of the slot_deadlines.
  std::size_t slot_credits_offset;                                 ///< Of the slot_credits.
  std::size_t ways_offset;                                         ///< Of the fault_ways in a fault
                                                                   ///< table.
  std::size_t letters_offset;                                      ///< Of the letter_places in a
                                                                   ///< fault table.
  std::size_t seat_bytes, lane_bytes, fault_bytes, payload_bytes;  // a seat
  std::size_t credits_offset, seats_offset, lanes_offset;
  std::size_t deaths_offset;  ///< From here to the payload only the keeper maps it.
  std::size_t faults_offset, payload_offset, total_bytes;
};

/// @returns the reason why no queue can have this shape, or nullptr.
const char* bad_shape(const queue_shape& shape) noexcept;

}  // namespace bulkhead::core
