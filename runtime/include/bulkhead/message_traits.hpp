#pragma once

#include <cstdint>

namespace bulkhead {

/// Set to true for a trivially copyable class of your own that is no plain struct (it has private
/// members, a base, a constructor): then its bytes in memory are the message.
///
///     template <> inline constexpr bool bulkhead::enable_bytes<vec3> = true;
///
/// @limits trivially copyable and default-constructible; said before the type is first used as a
/// message. Any bytes are taken for a value of it: right for numbers, wrong for what holds a
/// pointer, an index that nobody checks, or a bool.
template <class T>
inline constexpr bool enable_bytes = false;

/// Raise it when a type keeps its structure and changes its meaning (metres become feet): programs
/// of before and after then do not join (errc::type_mismatch).
///
///     template <> inline constexpr std::uint32_t bulkhead::schema_version<reading> = 2;
///
/// @limits said before the type is first used as a message.
template <class T>
inline constexpr std::uint32_t schema_version = 0;

}  // namespace bulkhead
