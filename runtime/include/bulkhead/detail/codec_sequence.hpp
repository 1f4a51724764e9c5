#pragma once

#include <algorithm>
#include <array>
#include <bulkhead/detail/codec_base.hpp>
#include <bulkhead/detail/codec_scalar.hpp>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace bulkhead::detail {

/// Types through which any memory may be read.
template <class T>
concept character =
    std::is_same_v<T, char> || std::is_same_v<T, unsigned char> || std::is_same_v<T, std::byte>;

/// A length and the elements, one after the other.
template <class Sequence, class Element>
struct sequence_codec {
  using parts = type_list<Element>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = hash_of("sequence");
  static constexpr bool fixed = false;
  static constexpr std::size_t min_size = length_bytes;

  static constexpr bool contiguous = requires(Sequence & s) { s.data(); };

  static void measure(size_meter& meter, const Sequence& value) {
    meter.add_length(value.size(), codec<Element>::min_size);
    if constexpr (codec<Element>::fixed) {
      meter.add(value.size() * codec<Element>::min_size);
    } else {
      for (const Element& element : value) codec<Element>::measure(meter, element);
    }
  }

  static void write(encoder& to, const Sequence& value) {
    to.put_length(value.size());
    if constexpr (can_copy(codec_flag::raw)) {
      to.put(value.data(), value.size() * sizeof(Element));
    } else {
      for (const Element& element : value) write_value(to, element);
    }
  }

  static bool read(decoder& from, Sequence& value) {
    std::size_t length = 0;
    value.clear();
    if (!from.get_length(codec<Element>::min_size, length)) return false;
    if constexpr (character<Element> && can_copy(codec_flag::any_bits)) {
      // Without a pass that fills the room with zeroes first: it costs as much as the copy.
      const auto* const first = reinterpret_cast<const Element*>(from.take(length));
      value.assign(first, first + length);
      return true;
    } else if constexpr (can_copy(codec_flag::any_bits)) {
      return read_bits(from, length, value);
    } else {
      if constexpr (requires { value.reserve(length); }) {
        value.reserve(from.worth_reserving(length, sizeof(Element)));
      }
      for (std::size_t i = 0; i < length; ++i) {
        value.emplace_back();
        if (!read_value(from, value.back())) return false;
      }
      return true;
    }
  }

 private:
  enum class codec_flag : std::uint8_t { raw, any_bits };

  // Nor here, where the bytes may lie as the elements must not: a piece at a time goes by way of
  // one that the first cache holds.
  static bool read_bits(decoder& from, std::size_t length, Sequence& value) {
    constexpr std::size_t piece = 4096 / sizeof(Element);
    if constexpr (piece <= 1) {
      value.resize(length);
      return from.get(value.data(), length * sizeof(Element));
    } else {
      Element some[piece];
      value.reserve(length);
      for (std::size_t left = length; left != 0;) {
        const std::size_t n = std::min(left, piece);
        if (!from.get(static_cast<void*>(some), n * sizeof(Element))) return false;
        value.insert(value.end(), some, some + n);
        left -= n;
      }
      return true;
    }
  }

  // A function, as the element may still be incomplete where this class is instantiated.
  static constexpr bool can_copy(codec_flag flag) {
    if constexpr (contiguous && codec<Element>::fixed) {
      return flag == codec_flag::raw ? codec<Element>::raw : codec<Element>::any_bits;
    } else {
      return false;
    }
  }
};

template <class T, class Allocator>
struct codec<std::vector<T, Allocator>> : sequence_codec<std::vector<T, Allocator>, T> {};

template <class T, class Allocator>
struct codec<std::deque<T, Allocator>> : sequence_codec<std::deque<T, Allocator>, T> {};

template <scalar Char, class Traits, class Allocator>
struct codec<std::basic_string<Char, Traits, Allocator>>
    : sequence_codec<std::basic_string<Char, Traits, Allocator>, Char> {
  static constexpr std::uint64_t seed = hash_of("string");
};

/// As any sequence of bool, a byte each: the packed form in memory has no elements to refer to.
template <class Allocator>
struct codec<std::vector<bool, Allocator>> : sequence_codec<std::vector<bool, Allocator>, bool> {
  using bits = std::vector<bool, Allocator>;

  static void measure(size_meter& meter, const bits& value) {
    meter.add_length(value.size(), 1);
    meter.add(value.size());
  }

  static void write(encoder& to, const bits& value) {
    to.put_length(value.size());
    for (const bool bit : value) to.put_flag(bit);
  }

  static bool read(decoder& from, bits& value) {
    std::size_t length = 0;
    value.clear();
    if (!from.get_length(1, length)) return false;
    value.reserve(length);
    for (std::size_t i = 0; i < length; ++i) {
      bool bit = false;
      if (!from.get_flag(bit)) return false;
      value.push_back(bit);
    }
    return true;
  }
};

/// The elements without a length, which is in the type and in its fingerprint.
template <class T, std::size_t N>
struct codec<std::array<T, N>> {
  using array = std::array<T, N>;
  using parts = type_list<T>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = mix(hash_of("array"), N);
  static constexpr bool fixed = N == 0 || codec<T>::fixed;
  static constexpr std::size_t min_size = N * codec<T>::min_size;
  static constexpr bool raw = [] {
    if constexpr (fixed && N != 0) return codec<T>::raw;
    return false;
  }();
  static constexpr bool any_bits = [] {
    if constexpr (raw) return codec<T>::any_bits;
    return false;
  }();

  static void store([[maybe_unused]] std::byte* to, [[maybe_unused]] const array& value) noexcept {
    if constexpr (raw) {
      std::memcpy(to, value.data(), min_size);
    } else if constexpr (N != 0) {
      for (std::size_t i = 0; i < N; ++i) codec<T>::store(to + i * codec<T>::min_size, value[i]);
    }
  }

  static bool load([[maybe_unused]] const std::byte* from, [[maybe_unused]] array& value) noexcept {
    if constexpr (any_bits) {
      std::memcpy(value.data(), from, min_size);
    } else if constexpr (N != 0) {
      for (std::size_t i = 0; i < N; ++i) {
        if (!codec<T>::load(from + i * codec<T>::min_size, value[i])) return false;
      }
    }
    return true;
  }

  static void measure(size_meter& meter, const array& value) {
    for (const T& element : value) measure_value(meter, element);
  }

  static void write(encoder& to, const array& value) {
    for (const T& element : value) write_value(to, element);
  }

  static bool read(decoder& from, array& value) {
    for (T& element : value) {
      if (!read_value(from, element)) return false;
    }
    return true;
  }
};

}  // namespace bulkhead::detail
