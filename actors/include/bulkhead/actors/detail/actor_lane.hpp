#pragma once

#include <bulkhead/call_lane.hpp>
#include <bulkhead/detail/codec.hpp>
#include <caf/error.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What goes through the lane to an actor in a process of its own: call frames (docs/calls.md) whose
// bytes are these.
namespace bulkhead::actors::detail {

/// The lane's message type; never used as a value: both sides write and read bytes.
struct actor_bytes {
  std::vector<std::byte> bytes;
};
using actor_client = call_client<actor_bytes, actor_bytes>;
using actor_server = call_server<actor_bytes, actor_bytes>;

/// Before each message to the actor: the number of its signature, or one of these.
inline constexpr std::uint32_t exit_frame = 0xffff'fff0;   ///< An error follows: its exit reason.
inline constexpr std::uint32_t watch_frame = 0xffff'fff1;  ///< A request: when does the actor end?
inline constexpr std::uint32_t lane_frame = 0xffff'fff2;   ///< A lane's end: serve it too.
/// Nobody has a handle of the actor by this lane any more; the request for its end stands.
inline constexpr std::uint32_t only_watched_frame = 0xffff'fff3;
inline constexpr std::uint32_t urgent_bit = 0x4000'0000;  ///< Of a signature: high priority.
/// Of a signature: names of endpoints come first, so many and then each (names.hpp).
inline constexpr std::uint32_t names_bit = 0x2000'0000;
inline constexpr std::size_t frame_number_bytes = 4;

[[nodiscard]] constexpr bool is_message(std::uint32_t number) { return number < exit_frame; }
[[nodiscard]] constexpr std::uint32_t signature_of(std::uint32_t number) {
  return number & ~(urgent_bit | names_bit);
}

/// The most that a message's values may take, or an answer's: as in a mailbox.
inline constexpr std::size_t message_bytes_max = std::size_t{1} << 30;
/// What is told of one that takes more.
[[nodiscard]] std::string too_large_text(std::size_t bytes);

/// Before each answer.
inline constexpr std::byte answer_values{0};
inline constexpr std::byte answer_error{1};

/// A caf::error as it travels; its context as text.
struct error_record {
  bool none = true;
  std::uint8_t code = 0;
  std::uint64_t category = 0;
  std::string context;
};
[[nodiscard]] error_record record_of(const caf::error& reason);
[[nodiscard]] caf::error error_of(const error_record& record);

}  // namespace bulkhead::actors::detail
