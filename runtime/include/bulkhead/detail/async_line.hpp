#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::detail {

/// Asynchronous operations on one mailbox that wait in line with each other. What a loan waits for
/// may be the room of another loan, which is free only when that was sent; so neither may stand
/// behind the other, nor the send of a loan behind one that waits for that same room.
enum class async_line : std::uint8_t { receives, sends, loans, sends_of_loans };
inline constexpr std::size_t async_lines = 4;

}  // namespace bulkhead::detail
