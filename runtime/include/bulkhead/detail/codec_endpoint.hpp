#pragma once

#include <bulkhead/detail/codec_base.hpp>
#include <concepts>

namespace bulkhead::detail {

/// Specialised for each endpoint type (queue<T> and the like), before its first use as a message:
///   static void write(encoder&, const T&)          // exactly one put_endpoint
///   static T read(decoder&)                        // one get_endpoint; calls fail() if it fails
///   static constexpr std::uint64_t fingerprint()   // of the kind and what travels through it
/// and, where it is there, in place of the latter half of the fingerprint,
///   using parts = type_list<...>                   // what travels through it
///   static constexpr bool in_messages = true       // it can travel through a queue, not only as
///   an
///                                                  // argument of a spawn
/// The primary says that T is none.
template <class T>
struct endpoint_codec {};

template <class Codec>
struct parts_of_endpoint {
  using type = type_list<>;
};
template <class Codec>
requires requires { typename Codec::parts; }
struct parts_of_endpoint<Codec> {
  using type = typename Codec::parts;
};

template <class T>
concept endpoint = requires(encoder& to, decoder& from, const T& value) {
  endpoint_codec<T>::write(to, value);
  { endpoint_codec<T>::read(from) } -> std::same_as<T>;
  { endpoint_codec<T>::fingerprint() } -> std::same_as<std::uint64_t>;
};

template <endpoint T>
struct codec<T> {
  using parts = typename parts_of_endpoint<endpoint_codec<T>>::type;
  static constexpr refusal why = [] {
    if constexpr (requires { endpoint_codec<T>::in_messages; }) return refusal::none;
    return refusal::endpoint;
  }();
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = hash_of("endpoint");
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
