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

template <class... Enclosing, class... Parts>
constexpr std::uint64_t walk_parts(std::uint64_t hash, type_list<Parts...>) {
  ((hash = mix(hash, walk_type<Parts, Enclosing...>())), ...);
  return hash;
}

// What a type says for itself, its parts aside. Not a constant where an `inspect` is run.
template <class T, class... Enclosing>
constexpr std::uint64_t seed_of() {
  std::uint64_t seed = codec<T>::seed;
  if constexpr (endpoint<T>) seed = mix(seed, endpoint_codec<T>::fingerprint());
  if constexpr (inspected<T>) seed = codec<T>::template fields_fingerprint<Enclosing...>();
  // A type that never had a version keeps its fingerprint when another one gets its own.
  if constexpr (schema_version<T> != 0) {
    seed = mix(seed, mix(hash_of("version"), schema_version<T>));
  }
  return seed;
}

template <class T, class... Enclosing>
constexpr std::uint64_t walk_type() {
  constexpr std::size_t distance = distance_to<T, Enclosing...>();
  if constexpr (distance != sizeof...(Enclosing)) {
    return mix(hash_of("enclosing"), distance);
  } else if constexpr (codec<T>::named) {
    return walk_parts<T, Enclosing...>(seed_of<T, Enclosing...>(), typename codec<T>::parts());
  } else {
    return walk_parts<Enclosing...>(seed_of<T, Enclosing...>(), typename codec<T>::parts());
  }
}

/// Stands for T's structure: the kinds, sizes and order of all that it is made of, names aside, and
/// for the `schema_version`s in it. A type that holds itself is told by how far out it is. Two
/// programs exchange a T only where this is equal. A constant unless an `inspect` is involved.
template <class T>
constexpr std::uint64_t fingerprint_of() {
  return mix(hash_of("message"), mix(message_format_version, walk_type<T>()));
}

}  // namespace bulkhead::detail
