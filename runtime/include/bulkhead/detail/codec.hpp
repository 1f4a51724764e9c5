#pragma once

#include <bulkhead/detail/codec_check.hpp>
#include <bulkhead/detail/fingerprint.hpp>
#include <cstdint>
#include <cstring>
#include <optional>

// The way in and out of bytes, for messages and arguments of a spawn.
namespace bulkhead::detail {

/// @returns how many bytes `encode` will write; `oversize` or more when the value cannot be
/// encoded: then it is too large for any payload.
template <class T>
[[nodiscard]] std::size_t encoded_size(const T& value) {
  static_assert(require_spawn_argument<T>());
  if constexpr (!fits<T, true>) {
    return 0;
  } else if constexpr (is_fixed_size<T>) {
    return fixed_size_of<T>;
  } else {
    size_meter meter;
    measure_value(meter, value);
    return meter.bytes();
  }
}

/// Writes the value's bytes.
/// @limits there is room for `encoded_size(value)` bytes, which is below `oversize`.
template <class T>
void encode(encoder& to, const T& value) {
  static_assert(require_spawn_argument<T>());
  if constexpr (fits<T, true>) write_value(to, value);
}

/// Reads one value; more may follow it.
/// @returns value-initialised when `from` has failed, before or by this.
template <class T>
[[nodiscard]] T decode(decoder& from) {
  static_assert(require_spawn_argument<T>());
  if constexpr (endpoint<T>) {
    return endpoint_codec<T>::read(from);
  } else {
    T value{};
    if constexpr (fits<T, true>) {
      if (from.failed() || !read_value(from, value)) [[unlikely]] {
        from.fail();
        value = T{};
      }
    }
    return value;
  }
}

template <class T>
inline constexpr bool copies_as_bytes = false;
template <class T>
requires(is_fixed_size<T>&& fixed_size_of<T> != 0 && std::is_trivially_copyable_v<T> &&
         std::is_default_constructible_v<T>) inline constexpr bool copies_as_bytes<T> =
    codec<T>::any_bits;

/// Reads such a value, which is there.
template <class T>
requires copies_as_bytes<T>
[[gnu::always_inline]] inline T load_bytes(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

/// Reads a value that takes up all of `bytes`.
/// @returns false, and `out` is value-initialised, when these are not the bytes of one T.
template <class T>
[[nodiscard]] bool decode_all(std::span<const std::byte> bytes, T& out,
                              endpoint_source* source = nullptr) {
  decoder from(bytes, source);
  out = decode<T>(from);
  if (!from.failed() && from.left() == 0) return true;
  out = T{};
  return false;
}

/// The same into empty storage, an optional or the like: without writing it twice where any bytes
/// are a T.
template <class T, class Storage>
[[nodiscard]] bool decode_into(std::span<const std::byte> bytes, Storage& out) {
  if constexpr (copies_as_bytes<T>) {
    if (bytes.size() != sizeof(T)) [[unlikely]]
      return false;
    // From where they are if they lie as a T must: a large one is copied once only.
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) == 0) {
      out.emplace(*reinterpret_cast<const T*>(bytes.data()));
    } else {
      out.emplace(load_bytes<T>(bytes.data()));
    }
    return true;
  } else {
    return decode_all(bytes, out.emplace());
  }
}

}  // namespace bulkhead::detail
