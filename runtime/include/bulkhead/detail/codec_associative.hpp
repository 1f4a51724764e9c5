#pragma once

#include <bulkhead/detail/codec_base.hpp>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace bulkhead::detail {

/// What sets and maps share: a length and the elements in the container's order. Where keys are
/// unique a key that comes twice is a failure, as no container wrote that.
template <class Container, bool Unique>
struct associative_codec {
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr bool fixed = false;
  static constexpr std::size_t min_size = length_bytes;

 protected:
  template <class Read_one>
  static bool read_all(decoder& from, Container& value, std::size_t element_bytes_min,
                       Read_one read_one) {
    std::size_t length = 0;
    value.clear();
    if (!from.get_length(element_bytes_min, length)) return false;
    if constexpr (requires { value.reserve(length); }) {
      value.reserve(from.worth_reserving(length, sizeof(typename Container::value_type)));
    }
    for (std::size_t i = 0; i < length; ++i) {
      if (!read_one()) return false;
    }
    return !Unique || value.size() == length;
  }
};

template <class Set, bool Unique>
struct set_codec : associative_codec<Set, Unique> {
  using key = typename Set::key_type;
  using parts = type_list<key>;
  static constexpr std::uint64_t seed = hash_of(Unique ? "set" : "multiset");

  static void measure(size_meter& meter, const Set& value) {
    meter.add_length(value.size(), codec<key>::min_size);
    for (const key& element : value) measure_value(meter, element);
  }

  static void write(encoder& to, const Set& value) {
    to.put_length(value.size());
    for (const key& element : value) write_value(to, element);
  }

  static bool read(decoder& from, Set& value) {
    return set_codec::read_all(from, value, codec<key>::min_size, [&] {
      key element{};
      if (!read_value(from, element)) return false;
      // The bytes are in order, so the end is where the next one of an ordered set belongs.
      value.emplace_hint(value.end(), std::move(element));
      return true;
    });
  }
};

template <class Map, bool Unique>
struct map_codec : associative_codec<Map, Unique> {
  using key = typename Map::key_type;
  using mapped = typename Map::mapped_type;
  using parts = type_list<key, mapped>;
  static constexpr std::uint64_t seed = hash_of(Unique ? "map" : "multimap");

  static constexpr std::size_t entry_bytes_min() {
    return codec<key>::min_size + codec<mapped>::min_size;
  }

  static void measure(size_meter& meter, const Map& value) {
    meter.add_length(value.size(), entry_bytes_min());
    for (const auto& entry : value) {
      measure_value(meter, entry.first);
      measure_value(meter, entry.second);
    }
  }

  static void write(encoder& to, const Map& value) {
    to.put_length(value.size());
    for (const auto& entry : value) {
      write_value(to, entry.first);
      write_value(to, entry.second);
    }
  }

  static bool read(decoder& from, Map& value) {
    return map_codec::read_all(from, value, entry_bytes_min(), [&] {
      key name{};
      mapped content{};
      if (!read_value(from, name) || !read_value(from, content)) return false;
      value.emplace_hint(value.end(), std::move(name), std::move(content));
      return true;
    });
  }
};

template <class K, class C, class A>
struct codec<std::set<K, C, A>> : set_codec<std::set<K, C, A>, true> {};
template <class K, class C, class A>
struct codec<std::multiset<K, C, A>> : set_codec<std::multiset<K, C, A>, false> {};
template <class K, class H, class E, class A>
struct codec<std::unordered_set<K, H, E, A>> : set_codec<std::unordered_set<K, H, E, A>, true> {};
template <class K, class H, class E, class A>
struct codec<std::unordered_multiset<K, H, E, A>>
    : set_codec<std::unordered_multiset<K, H, E, A>, false> {};

template <class K, class V, class C, class A>
struct codec<std::map<K, V, C, A>> : map_codec<std::map<K, V, C, A>, true> {};
template <class K, class V, class C, class A>
struct codec<std::multimap<K, V, C, A>> : map_codec<std::multimap<K, V, C, A>, false> {};
template <class K, class V, class H, class E, class A>
struct codec<std::unordered_map<K, V, H, E, A>>
    : map_codec<std::unordered_map<K, V, H, E, A>, true> {};
template <class K, class V, class H, class E, class A>
struct codec<std::unordered_multimap<K, V, H, E, A>>
    : map_codec<std::unordered_multimap<K, V, H, E, A>, false> {};

}  // namespace bulkhead::detail
