#pragma once

#include <bulkhead/detail/codec_aggregate.hpp>
#include <cstring>
#include <tuple>
#include <utility>

namespace bulkhead::detail {

/// The fields one after the other, with nothing between them. `Access::apply(value, f)` calls `f`
/// with all fields.
template <class T, class Access, class... Parts>
struct fields_codec {
  using parts = type_list<Parts...>;
  static constexpr refusal why = refusal::none;
  static constexpr bool named = Access::named;
  static constexpr bool fixed = (codec<Parts>::fixed && ...);
  static constexpr std::size_t min_size = (codec<Parts>::min_size + ... + 0);

  // The order in memory is that of the fields for aggregates only. Without padding, and with
  // fields that are their own bytes, so is the whole.
  static constexpr bool raw = [] {
    if constexpr (named && fixed && std::is_trivially_copyable_v<T> && min_size == sizeof(T)) {
      return (codec<Parts>::raw && ...);
    }
    return false;
  }();
  static constexpr bool any_bits = [] {
    if constexpr (raw) return (codec<Parts>::any_bits && ...);
    return false;
  }();

  static void store(std::byte* to, const T& value) noexcept {
    if constexpr (raw) {
      std::memcpy(to, &value, sizeof(T));
    } else {
      Access::apply(value, [to]<class... F>(const F&... field) mutable {
        ((codec<F>::store(to, field), to += codec<F>::min_size), ...);
      });
    }
  }

  static bool load(const std::byte* from, T& value) noexcept {
    if constexpr (any_bits) {
      std::memcpy(&value, from, sizeof(T));
      return true;
    } else {
      return Access::apply(value, [from]<class... F>(F&... field) mutable {
        return (step(codec<F>::load(from, field), from, codec<F>::min_size) && ...);
      });
    }
  }

  static void measure(size_meter& meter, const T& value) {
    if (named && !meter.enter()) return;
    Access::apply(value, [&meter](const auto&... field) { (measure_value(meter, field), ...); });
    if (named) meter.leave();
  }

  static void write(encoder& to, const T& value) {
    Access::apply(value, [&to](const auto&... field) { (write_value(to, field), ...); });
  }

  static bool read(decoder& from, T& value) {
    if (named && !from.enter()) return false;
    const bool good =
        Access::apply(value, [&from](auto&... field) { return (read_value(from, field) && ...); });
    if (named) from.leave();
    return good;
  }

 private:
  static bool step(bool good, const std::byte*& from, std::size_t bytes) noexcept {
    from += bytes;
    return good;
  }
};

/// For std::pair and std::tuple.
struct tuple_access {
  static constexpr bool named = false;
  template <class T, class F>
  static constexpr decltype(auto) apply(T& value, F&& f) {
    return std::apply(std::forward<F>(f), value);
  }
};

template <class A, class B>
struct codec<std::pair<A, B>> : fields_codec<std::pair<A, B>, tuple_access, A, B> {
  static constexpr std::uint64_t seed = mix(hash_of("tuple"), 2);
};

template <class... Ts>
struct codec<std::tuple<Ts...>> : fields_codec<std::tuple<Ts...>, tuple_access, Ts...> {
  static constexpr std::uint64_t seed = mix(hash_of("tuple"), sizeof...(Ts));
};

template <std::size_t N>
struct aggregate_access {
  static constexpr bool named = true;
  template <class T, class F>
  static constexpr decltype(auto) apply(T& value, F&& f) {
    return with_fields<N>(value, std::forward<F>(f));
  }
};

struct list_types {
  template <class... F>
  constexpr type_list<F...> operator()(F&...) const {
    return {};
  }
};

/// fields_codec for an aggregate: its number of fields, then their types, from T alone.
template <class T, std::size_t N = count_fields<T>(),
          class Fields = decltype(with_fields<N>(std::declval<T&>(), list_types{}))>
struct aggregate_codec;
template <class T, std::size_t N, class... Fields>
struct aggregate_codec<T, N, type_list<Fields...>>
    : fields_codec<T, aggregate_access<N>, Fields...> {
  static constexpr std::uint64_t seed = mix(hash_of("aggregate"), N);
};

template <plain_aggregate T>
struct codec<T> : aggregate_codec<T> {};

}  // namespace bulkhead::detail
