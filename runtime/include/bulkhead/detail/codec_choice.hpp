#pragma once

#include <bulkhead/detail/codec_base.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace bulkhead::detail {

/// A flag, and the value if there is one.
template <class Holder, class T>
struct maybe_codec {
  using parts = type_list<T>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr bool fixed = false;
  static constexpr std::size_t min_size = flag_bytes;

  static void measure(size_meter& meter, const Holder& value) {
    meter.add(flag_bytes);
    if (value) measure_value(meter, *value);
  }

  static void write(encoder& to, const Holder& value) {
    to.put_flag(static_cast<bool>(value));
    if (value) write_value(to, *value);
  }
};

template <class T>
struct codec<std::optional<T>> : maybe_codec<std::optional<T>, T> {
  static constexpr std::uint64_t seed = hash_of("optional");

  static bool read(decoder& from, std::optional<T>& value) {
    bool there = false;
    value.reset();
    if (!from.get_flag(there)) return false;
    return !there || read_value(from, value.emplace());
  }
};

/// The value that it owns, not the address.
template <class T>
requires(!std::is_array_v<T>) struct codec<std::unique_ptr<T>>
    : maybe_codec<std::unique_ptr<T>, T> {
  static constexpr std::uint64_t seed = hash_of("unique_ptr");

  static bool read(decoder& from, std::unique_ptr<T>& value) {
    bool there = false;
    value.reset();
    if (!from.get_flag(there)) return false;
    if (!there) return true;
    value = std::make_unique<T>();
    return read_value(from, *value);
  }
};

/// The index of the alternative in one byte, or two when there are more than 256; then its value.
/// A variant that is valueless by exception has nothing to encode: measuring it throws
/// std::bad_variant_access.
template <class... Ts>
struct codec<std::variant<Ts...>> {
  using variant = std::variant<Ts...>;
  using index_type = std::conditional_t<sizeof...(Ts) <= 256, std::uint8_t, std::uint16_t>;
  using parts = type_list<Ts...>;
  static_assert(sizeof...(Ts) <= 65536);

  static constexpr refusal why = refusal::none;
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = mix(hash_of("variant"), sizeof...(Ts));
  static constexpr bool fixed = false;
  static constexpr std::size_t min_size = sizeof(index_type);

  static void measure(size_meter& meter, const variant& value) {
    meter.add(sizeof(index_type));
    std::visit([&meter](const auto& held) { measure_value(meter, held); }, value);
  }

  static void write(encoder& to, const variant& value) {
    const auto index = static_cast<index_type>(value.index());
    to.put(&index, sizeof index);
    std::visit([&to](const auto& held) { write_value(to, held); }, value);
  }

  static bool read(decoder& from, variant& value) {
    index_type index = 0;
    if (!from.get(&index, sizeof index)) return false;
    return read_alternative(from, value, index, std::index_sequence_for<Ts...>());
  }

 private:
  template <std::size_t... I>
  static bool read_alternative(decoder& from, variant& value, std::size_t index,
                               std::index_sequence<I...>) {
    bool good = false;
    // The first whose turn it is ends the search; an index beyond all of them leaves `good` false.
    (void)((index == I && (good = read_value(from, value.template emplace<I>()), true)) || ...);
    return good;
  }
};

}  // namespace bulkhead::detail
