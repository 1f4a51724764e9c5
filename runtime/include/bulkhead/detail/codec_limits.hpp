#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

/// The numbers of the message format (docs/message-format.md), for its one writer and one reader.
namespace bulkhead::detail {

/// Goes into every fingerprint: programs of different format versions do not join.
inline constexpr std::uint64_t message_format_version = 2;

inline constexpr std::size_t length_bytes = 4;    ///< A count of elements.
inline constexpr std::size_t flag_bytes = 1;      ///< "There is a value": 0 or 1.
inline constexpr std::size_t endpoint_bytes = 8;  ///< A name, or an index into a list beside.

inline constexpr std::size_t length_max = std::numeric_limits<std::uint32_t>::max();

/// Aggregates inside one another, counted where their size varies: recursion goes through them.
inline constexpr unsigned depth_max = 64;

/// Elements that take no bytes (empty structs), in all of a message: the bytes give them no bound.
inline constexpr std::size_t zero_sized_elements_max = 65536;

/// Endpoints in one message.
inline constexpr std::size_t endpoints_max = 4096;

/// Fields of one aggregate that we can take apart.
inline constexpr std::size_t fields_max = 64;

/// What a value's measure grows by when it cannot be encoded at all. Larger than any payload, and
/// small enough that a sum of them does not wrap round.
inline constexpr std::size_t oversize = std::size_t{1} << 40;

}  // namespace bulkhead::detail
