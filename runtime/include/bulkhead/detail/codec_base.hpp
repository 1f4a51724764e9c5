#pragma once

#include <bit>
#include <bulkhead/detail/decoder.hpp>
#include <bulkhead/detail/encoder.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace bulkhead::detail {

static_assert(std::endian::native == std::endian::little, "the message format is little-endian");

/// Why a type cannot be a message; codec_check.hpp has the sentence for each.
enum class refusal : std::uint8_t {
  none,
  pointer,
  reference,
  c_array,
  qualified,
  view,
  union_type,
  base_class,
  not_default,
  not_trivial,
  too_many_fields,
  endpoint,
  no_codec,
};

template <class... Ts>
struct type_list {};

/// How a T becomes bytes and back. Chosen by the kind of type; the primary (codec_check.hpp) is
/// for the types that do not fit. A codec says
///   why       refusal::none when T fits, its parts aside
///   parts     the types it is made of, in the order of their bytes
///   named     T can hold itself by way of its parts: it is a class of the user's
///   seed      what sets its fingerprint apart from others with the same parts
///   fixed     every value takes the same number of bytes
///   min_size  the least number of bytes that a value takes
/// and, when fixed,
///   raw       the bytes are T's own in memory
///   any_bits  raw, and any bytes are a T
///   store(to, value), load(from, value) -> bool   the caller has checked the room
/// else
///   measure(meter, value), write(encoder, value), read(decoder, value) -> bool.
/// `load` and `read` fill a value-initialised value; after false it is anything valid.
template <class T>
struct codec;

// Told later, needed by codecs that meet the types of their parts only when they are used.

/// True when T is a message or, with `Endpoints_fit`, an argument of a spawn.
template <class T, bool Endpoints_fit>
constexpr bool does_fit();
/// Always true, or one sentence from the compiler.
template <class T, bool Endpoints_fit>
constexpr bool require();
/// T's share of a fingerprint, inside the named types `Enclosing`, innermost first.
template <class T, class... Enclosing>
constexpr std::uint64_t walk_type();

/// Starts a fingerprint: FNV-1a of a kind's name.
constexpr std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

/// Joins two hashes; the order counts.
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t x = std::rotl(a, 23) + b * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
  return x ^ (x >> 29);
}

/// True when every T is encoded in the same number of bytes, `fixed_size_of<T>`.
template <class T>
inline constexpr bool is_fixed_size = codec<T>::fixed;

template <class T>
inline constexpr std::size_t fixed_size_of = is_fixed_size<T> ? codec<T>::min_size : 0;

template <class T>
void measure_value(size_meter& meter, const T& value) {
  if constexpr (is_fixed_size<T>) {
    meter.add(fixed_size_of<T>);
  } else {
    codec<T>::measure(meter, value);
  }
}

template <class T>
void write_value(encoder& to, const T& value) {
  if constexpr (is_fixed_size<T>) {
    codec<T>::store(to.room(fixed_size_of<T>), value);
  } else {
    codec<T>::write(to, value);
  }
}

template <class T>
[[nodiscard]] bool read_value(decoder& from, T& value) {
  if constexpr (!is_fixed_size<T>) {
    return codec<T>::read(from, value);
  } else if constexpr (fixed_size_of<T> == 0) {
    return true;
  } else {
    return from.has(fixed_size_of<T>) && codec<T>::load(from.take(fixed_size_of<T>), value);
  }
}

}  // namespace bulkhead::detail
