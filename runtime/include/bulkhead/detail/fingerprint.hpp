#pragma once

#include <bulkhead/detail/codec_check.hpp>

namespace bulkhead::detail {

/// How far out in `Enclosing`, innermost first, T is; their number when it is not there.
template <class T, class... Enclosing>
constexpr std::size_t distance_to() {
  std::size_t distance = 0;
  (void)((std::is_same_v<T, Enclosing> || (++distance, false)) || ...);
  return distance;
}

template <class T, class... Enclosing>
constexpr std::uint64_t walk_type();

template <class... Enclosing, class... Parts>
constexpr std::uint64_t walk_parts(std::uint64_t hash, type_list<Parts...>) {
  ((hash = mix(hash, walk_type<Parts, Enclosing...>())), ...);
  return hash;
}

template <class T, class... Enclosing>
constexpr std::uint64_t walk_type() {
  constexpr std::size_t distance = distance_to<T, Enclosing...>();
  if constexpr (distance != sizeof...(Enclosing)) {
    return mix(hash_of("enclosing"), distance);
  } else if constexpr (codec<T>::named) {
    return walk_parts<T, Enclosing...>(codec<T>::seed, typename codec<T>::parts());
  } else {
    return walk_parts<Enclosing...>(codec<T>::seed, typename codec<T>::parts());
  }
}

/// Stands for T's structure: the kinds, sizes and order of all that it is made of, names aside. A
/// type that holds itself is told by how far out it is. Two programs exchange a T only where this
/// is equal.
template <class T>
constexpr std::uint64_t fingerprint_of() {
  return mix(hash_of("message"), mix(message_format_version, walk_type<T>()));
}

}  // namespace bulkhead::detail
