#pragma once

#include <bulkhead/detail/codec_base.hpp>
#include <concepts>

namespace bulkhead::detail {

/// Specialised for each endpoint type (queue<T> and the like), before its first use as a message:
///   static void write(encoder&, const T&)          // exactly one put_endpoint
///   static T read(decoder&)                        // one get_endpoint; calls fail() if it fails
///   static constexpr std::uint64_t fingerprint()   // of the kind and what travels through it
/// The primary says that T is none.
template <class T>
struct endpoint_codec {};

template <class T>
concept endpoint = requires(encoder& to, decoder& from, const T& value) {
  endpoint_codec<T>::write(to, value);
  { endpoint_codec<T>::read(from) } -> std::same_as<T>;
  { endpoint_codec<T>::fingerprint() } -> std::same_as<std::uint64_t>;
};

template <endpoint T>
struct codec<T> {
  using parts = type_list<>;
  static constexpr refusal why = refusal::endpoint;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = endpoint_codec<T>::fingerprint();
  static constexpr bool fixed = false;
  static constexpr std::size_t min_size = endpoint_bytes;

  static void measure(size_meter& meter, const T&) { meter.add(endpoint_bytes); }
  static void write(encoder& to, const T& value) { endpoint_codec<T>::write(to, value); }

  static bool read(decoder& from, T& value) {
    value = endpoint_codec<T>::read(from);
    return !from.failed();
  }
};

}  // namespace bulkhead::detail
