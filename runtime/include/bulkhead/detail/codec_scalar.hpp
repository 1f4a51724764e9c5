#pragma once

#include <bulkhead/detail/codec_base.hpp>
#include <chrono>
#include <cstring>
#include <limits>
#include <type_traits>
#include <variant>

namespace bulkhead::detail {

template <class T>
concept scalar = std::is_same_v<T, std::remove_cv_t<T>> &&
    (std::is_arithmetic_v<T> || std::is_enum_v<T>);

/// Integers, floating point, bool, enumerations and std::byte: their own bytes, but that a bool
/// is 0 or 1. An enumeration takes any value of its underlying type: C++ cannot name the valid
/// ones, so whoever switches over one has a default.
template <scalar T>
struct codec<T> {
  static constexpr bool extended = std::is_same_v<T, long double>;
  static constexpr bool boolean = [] {
    if constexpr (std::is_enum_v<T>) return std::is_same_v<std::underlying_type_t<T>, bool>;
    return std::is_same_v<T, bool>;
  }();

  using parts = type_list<>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr bool fixed = true;
  static constexpr std::size_t min_size = sizeof(T);
  static constexpr bool raw = !extended;
  static constexpr bool any_bits = raw && !boolean;

  static constexpr std::uint64_t seed = [] {
    std::uint64_t kind = hash_of("unsigned");
    if constexpr (std::is_enum_v<T>) {
      kind = mix(hash_of("enum"), codec<std::underlying_type_t<T>>::seed);
    } else if constexpr (boolean) {
      kind = hash_of("bool");
    } else if constexpr (std::is_floating_point_v<T>) {
      kind = hash_of("floating");
    } else if constexpr (std::is_signed_v<T>) {
      kind = hash_of("signed");
    }
    return mix(kind, sizeof(T));
  }();

  static void store(std::byte* to, const T& value) noexcept {
    if constexpr (extended && sizeof(T) == 16 && std::numeric_limits<T>::digits == 64) {
      // Ten of x86's sixteen bytes count; the others are what the stack happened to hold.
      constexpr std::size_t used = 10;
      std::memcpy(to, &value, used);
      std::memset(to + used, 0, sizeof(T) - used);
    } else {
      std::memcpy(to, &value, sizeof(T));
    }
  }

  static bool load(const std::byte* from, T& value) noexcept {
    if constexpr (boolean) {
      if (*from > std::byte{1}) return false;
    }
    std::memcpy(&value, from, sizeof(T));
    return true;
  }
};

template <>
struct codec<std::monostate> {
  using parts = type_list<>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = hash_of("monostate");
  static constexpr bool fixed = true;
  static constexpr std::size_t min_size = 0;
  static constexpr bool raw = false;
  static constexpr bool any_bits = false;
  static void store(std::byte*, std::monostate) noexcept {}
  static bool load(const std::byte*, std::monostate&) noexcept { return true; }
};

/// A duration is its count; the unit is in the fingerprint.
template <scalar Rep, class Period>
struct codec<std::chrono::duration<Rep, Period>> {
  using duration = std::chrono::duration<Rep, Period>;
  using parts = type_list<Rep>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed =
      mix(mix(hash_of("duration"), static_cast<std::uint64_t>(Period::num)),
          static_cast<std::uint64_t>(Period::den));
  static constexpr bool fixed = true;
  static constexpr std::size_t min_size = codec<Rep>::min_size;
  static constexpr bool raw = codec<Rep>::raw;
  static constexpr bool any_bits = codec<Rep>::any_bits;

  static void store(std::byte* to, const duration& value) noexcept {
    codec<Rep>::store(to, value.count());
  }

  static bool load(const std::byte* from, duration& value) noexcept {
    Rep count{};
    if (!codec<Rep>::load(from, count)) return false;
    value = duration(count);
    return true;
  }
};

/// A time point is its distance from its clock's epoch. The steady clock is one for all processes
/// of a machine.
template <class Clock, class Duration>
struct codec<std::chrono::time_point<Clock, Duration>> {
  using time_point = std::chrono::time_point<Clock, Duration>;
  using parts = type_list<Duration>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed =
      mix(hash_of("time_point"), static_cast<std::uint64_t>(Clock::is_steady));
  static constexpr bool fixed = true;
  static constexpr std::size_t min_size = codec<Duration>::min_size;
  static constexpr bool raw = codec<Duration>::raw;
  static constexpr bool any_bits = codec<Duration>::any_bits;

  static void store(std::byte* to, const time_point& value) noexcept {
    codec<Duration>::store(to, value.time_since_epoch());
  }

  static bool load(const std::byte* from, time_point& value) noexcept {
    Duration since_epoch{};
    if (!codec<Duration>::load(from, since_epoch)) return false;
    value = time_point(since_epoch);
    return true;
  }
};

}  // namespace bulkhead::detail
