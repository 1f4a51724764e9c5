#pragma once

#include <bulkhead/detail/codec.hpp>
#include <bulkhead/message_traits.hpp>

namespace bulkhead {

/// What can travel through a queue: arithmetic types, enumerations, std::byte, std::string,
/// vector, deque, array, (unordered) set and map and their multi forms, optional, variant,
/// monostate, pair, tuple, durations and time points, unique_ptr as the value that it owns, and
/// structs of these with public fields, without any macro. A struct may hold itself by way of a
/// container or unique_ptr. Other classes fit with an `inspect(f, x)` as CAF 0.17 or CAF 1.x use
/// it, or by `enable_bytes` (message_traits.hpp). docs/message-format.md has the bytes.
/// A queue in a message arrives as a handle to the same queue, an empty handle empty.
/// @limits 64 fields a struct; 64 structs inside one another; 2^32 - 1 elements a container; 4096
/// queues a message. What exceeds them is errc::too_large when it is sent.
/// @crash a queue in a message outlives its sender, and lives at least as long as the message.
template <class T>
concept message = detail::fits<T, false>;

/// What can be given to a spawned function: messages and endpoints of every kind, also in one
/// another.
template <class T>
concept spawn_argument = detail::fits<T, true>;

}  // namespace bulkhead
