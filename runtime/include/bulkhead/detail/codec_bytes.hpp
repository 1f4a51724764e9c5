#pragma once

#include <bulkhead/detail/codec_base.hpp>
#include <bulkhead/message_traits.hpp>
#include <cstring>
#include <type_traits>

namespace bulkhead::detail {

/// A class whose author says that its bytes in memory are its value.
template <class T>
concept bytes_class = enable_bytes<T> &&
    (std::is_class_v<T> || std::is_union_v<T>)&&std::is_same_v<T, std::remove_cv_t<T>>;

/// The object's own bytes, padding included.
template <bytes_class T>
struct codec<T> {
  using parts = type_list<>;
  static constexpr refusal why = !std::is_trivially_copyable_v<T>      ? refusal::not_trivial
                                 : !std::is_default_constructible_v<T> ? refusal::not_default
                                                                       : refusal::none;
  static constexpr bool named = false;
  // Nothing is known of what is inside, so size and alignment stand for it.
  static constexpr std::uint64_t seed = mix(mix(hash_of("bytes"), sizeof(T)), alignof(T));
  static constexpr bool fixed = true;
  static constexpr std::size_t min_size = sizeof(T);
  static constexpr bool raw = true;
  static constexpr bool any_bits = true;

  static void store(std::byte* to, const T& value) noexcept {
    std::memcpy(to, static_cast<const void*>(&value), sizeof(T));
  }
  static bool load(const std::byte* from, T& value) noexcept {
    std::memcpy(static_cast<void*>(&value), from, sizeof(T));
    return true;
  }
};

}  // namespace bulkhead::detail
