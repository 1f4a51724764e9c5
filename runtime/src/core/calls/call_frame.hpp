#pragma once

#include <cstdint>

#include "core/pipe_frame.hpp"

namespace bulkhead::core {

// What stands before the value in the messages of a call lane: docs/pipe-protocol.md, Calls.

/// Before a request.
struct request_head {
  std::uint64_t generation = 0;  ///< Of the asker's slot.
  std::uint32_t slot = 0;
  std::uint32_t asker = 0;       ///< The asking process's serial: its next incarnation has another.
  std::int64_t deadline_ns = 0;  ///< By CLOCK_MONOTONIC: nobody waits after it. 0: none.
};
static_assert(sizeof(request_head) == 24);

/// Before a reply: whose it is, as the request said.
struct reply_head {
  static constexpr std::uint32_t value = 0;   ///< Kinds: the reply follows,
  static constexpr std::uint32_t thrown = 1;  ///< or what the handler threw.

  std::uint64_t generation = 0;
  std::uint32_t slot = 0;
  std::uint32_t asker = 0;
  std::uint32_t kind = value;
  std::uint32_t unused = 0;
};
static_assert(sizeof(reply_head) == 24);

/// Tells whether the process that left `head` behind had taken the request that was published up to
/// `position`; if not, it lies in the ring, and the next incarnation takes it.
/// @limits both are positions in a ring of bytes of so many.
[[nodiscard]] inline bool was_taken(std::uint64_t position, std::uint64_t head,
                                    std::uint64_t ring_bytes) noexcept {
  const std::uint64_t ahead = frame_position{position}.units_since({head});
  return ahead == 0 || ahead > ring_bytes / frame_unit;
}

}  // namespace bulkhead::core
