#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bulkhead::core {

inline constexpr std::uint64_t pipe_magic = 0x31'45'50'49'50'48'4b'42;  // "BKHPIPE1"
inline constexpr std::uint32_t pipe_format = 2;
inline constexpr std::uint32_t pipe_capacity_max = 1u << 23;
inline constexpr std::uint64_t pipe_ring_bytes_min = 4096;
inline constexpr std::uint64_t pipe_ring_bytes_max = std::uint64_t{1} << 32;
inline constexpr std::uint32_t pipe_marks = 32;  ///< Restarts of an end that its peer has not seen.

/// One direction: from the end of the same number to the other.
struct pipe_direction {
  std::uint64_t fingerprint = 0;  ///< Of the message type.
  std::uint32_t capacity = 0;     ///< Messages under way.
  std::uint32_t slot_bytes = 0;   ///< 0: a ring of bytes, for messages of any size.
  std::uint64_t ring_bytes = 0;   ///< A power of two slots, or a power of two.

  friend bool operator==(const pipe_direction&, const pipe_direction&) = default;
};

/// What the maker of a pipe chooses; the same in every process that joins it.
struct pipe_shape {
  pipe_direction directions[2];

  friend bool operator==(const pipe_shape&, const pipe_shape&) = default;
};

/// The first page of the segment; written before anybody else has it.
struct pipe_header {
  std::uint64_t magic;
  std::uint32_t format;
  std::uint32_t header_bytes;
  pipe_shape shape;
};

/// What the keeper says about an end; 0 is none of these.
enum class end_state : std::uint32_t {
  open = 1,
  awaited = 2,  ///< Its process has died, and a next incarnation may come.
  closed = 3,   ///< By its process, or that exited with 0.
  crashed = 4,
};

/// Written by the keeper only.
struct pipe_end_record {
  alignas(64) std::atomic<end_state> state;
  std::atomic<std::uint32_t> restarts;
  /// Where the n-th restart lies between the messages, at n % pipe_marks: the tail that the dead
  /// incarnation left.
  std::atomic<std::uint64_t> marks[pipe_marks];
  /// Beside it, how far the dead incarnation had received: the head that it left.
  std::atomic<std::uint64_t> heads[pipe_marks];
};

/// Written by the end's process only, each word on a line of its own.
struct pipe_positions {
  alignas(64) std::atomic<std::uint64_t> tail;           ///< Of the direction from this end.
  alignas(64) std::atomic<std::uint64_t> head;           ///< Of the direction to this end.
  alignas(64) std::atomic<std::uint32_t> restarts_seen;  ///< Of the peer's.
};

/// Written by all: who wants what of this end's peer, and what this end sleeps on.
struct pipe_alarm_words {
  alignas(64) std::atomic<std::uint32_t> attention;  ///< detail::attention
  alignas(64) std::atomic<std::uint32_t> receive_park;
  alignas(64) std::atomic<std::uint32_t> send_park;
  alignas(64) std::atomic<std::uint32_t> corrupt;  ///< Not 0: a check failed, nobody goes on.
};

/// Where the parts of a pipe's segment lie. What different parties write is on pages of its own.
struct pipe_layout {
  explicit pipe_layout(const pipe_shape& shape) noexcept;

  static constexpr std::size_t header_offset = 0;
  static constexpr std::size_t records_offset = 4096;
  static constexpr std::size_t positions_offset[2] = {2 * 4096, 3 * 4096};
  static constexpr std::size_t alarms_offset = 4 * 4096;
  static constexpr std::size_t rings_offset = 5 * 4096;
  std::size_t ring_offset[2];
  std::size_t total_bytes;
};
static_assert(sizeof(pipe_header) <= 4096 && 2 * sizeof(pipe_end_record) <= 4096);

/// @returns the shape of a direction for messages of `slot_bytes` (0: of any size).
[[nodiscard]] pipe_direction shape_direction(std::uint64_t fingerprint, std::uint32_t slot_bytes,
                                             std::uint32_t capacity,
                                             std::uint64_t ring_bytes) noexcept;

/// @returns why no pipe has this shape, or nullptr.
[[nodiscard]] const char* bad_shape(const pipe_shape& shape) noexcept;

}  // namespace bulkhead::core
