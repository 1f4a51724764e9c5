#pragma once

#include <algorithm>
#include <bulkhead/detail/codec.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bulkhead::actors {

/// Specialise as true for a class with an `inspect` that has handles or mailboxes among its fields:
/// its messages take a way of their own, on which those can travel.
template <class T>
inline constexpr bool holds_handles = false;

namespace detail {

/// True when a value of T may name handles or mailboxes.
template <class T, class... Enclosing>
consteval bool may_name();

template <class... Enclosing, class... Parts>
consteval bool any_may_name(bulkhead::detail::type_list<Parts...>) {
  return (may_name<Parts, Enclosing...>() || ...);
}

template <class T, class... Enclosing>
consteval bool may_name() {
  using codec = bulkhead::detail::codec<T>;
  if constexpr ((std::is_same_v<T, Enclosing> || ...)) {
    return false;
  } else if constexpr (bulkhead::detail::endpoint<T> || holds_handles<T>) {
    return true;
  } else if constexpr (bulkhead::detail::inspected<T>) {
    return false;
  } else {
    return any_may_name<T, Enclosing...>(typename codec::parts());
  }
}

/// A message that names endpoints, as it travels: its number, how many names, the names, its
/// values.
struct named_message {
  std::span<const std::byte> bytes;
  const std::vector<std::uint64_t>* names = nullptr;

  static constexpr std::size_t before_names = 2 * sizeof(std::uint32_t);
};
struct any_name {};

}  // namespace detail
}  // namespace bulkhead::actors

template <>
struct bulkhead::detail::endpoint_codec<bulkhead::actors::detail::any_name> {
  static void write(encoder&, const actors::detail::any_name&) {}
  static actors::detail::any_name read(decoder&) { return {}; }
  static constexpr std::uint64_t fingerprint() { return hash_of("any name"); }
};

/// Only written: whoever takes it reads the parts.
template <>
struct bulkhead::detail::codec<bulkhead::actors::detail::named_message> {
  using message = actors::detail::named_message;
  using parts = type_list<actors::detail::any_name>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = hash_of("named actor message");
  static constexpr bool fixed = false;
  static constexpr std::size_t min_size = message::before_names;

  static void measure(size_meter& meter, const message& m) { meter.add(m.bytes.size()); }
  static void write(encoder& to, const message& m) {
    put(to, m.bytes.first(message::before_names));
    for (const std::uint64_t name : *m.names) to.put_endpoint(name);
    put(to, m.bytes.subspan(message::before_names + m.names->size() * endpoint_bytes));
  }
  static bool read(decoder&, message&) { return false; }

 private:
  static void put(encoder& to, std::span<const std::byte> bytes) {
    std::copy(bytes.begin(), bytes.end(), to.room(bytes.size()));
  }
};
