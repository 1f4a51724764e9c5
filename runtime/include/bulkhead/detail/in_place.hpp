#pragma once

#include <bulkhead/detail/pipe_port.hpp>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace bulkhead::detail {

/// How a message type lies in a mailbox where it can be used in place: as one object, or as the
/// elements of a string or vector behind their count.
template <class T>
struct in_place {
  static constexpr bool possible = [] {
    if constexpr (is_slotted<T>) return codec<T>::any_bits && sizeof(T) == fixed_size_of<T>;
    return false;
  }();
  using element = T;
  static constexpr std::size_t head_bytes = 0;
};

template <class Container>
struct in_place_elements {
  using element = typename Container::value_type;
  static constexpr bool possible = [] {
    if constexpr (is_fixed_size<element>) {
      return codec<element>::any_bits && sizeof(element) == fixed_size_of<element> &&
             alignof(element) <= 16;
    }
    return false;
  }();
  static constexpr std::size_t head_bytes = length_bytes;
};
template <class T, class Allocator>
struct in_place<std::vector<T, Allocator>> : in_place_elements<std::vector<T, Allocator>> {};
template <class Char, class Traits, class Allocator>
struct in_place<std::basic_string<Char, Traits, Allocator>>
    : in_place_elements<std::basic_string<Char, Traits, Allocator>> {};

/// Where a message begins in its block of a queue, so that its elements are aligned. No more than
/// that takes: twelve bytes before a KiB of characters would cost one line in seventeen.
template <class T>
inline constexpr std::size_t block_lead_of = [] {
  if constexpr (!in_place<T>::possible || in_place<T>::head_bytes == 0) {
    return std::size_t{0};
  } else {
    constexpr std::size_t alignment = alignof(typename in_place<T>::element);
    return (alignment - in_place<T>::head_bytes % alignment) % alignment;
  }
}();

/// The elements that the bytes of a message are, which a peer wrote: read once and checked.
/// @returns false: they are no T.
template <class T>
bool find_elements(std::span<const std::byte> bytes, std::size_t& n) noexcept {
  using layout = in_place<T>;
  std::uint32_t count = 1;
  if constexpr (layout::head_bytes != 0) {
    if (bytes.size() < sizeof count) return false;
    std::memcpy(&count, bytes.data(), sizeof count);
  }
  n = count;
  return bytes.size() == layout::head_bytes + n * sizeof(typename layout::element);
}

}  // namespace bulkhead::detail
