#pragma once

#include <array>
#include <bulkhead/detail/codec_bytes.hpp>
#include <bulkhead/detail/codec_endpoint.hpp>
#include <bulkhead/detail/codec_inspect.hpp>
#include <bulkhead/detail/codec_with_fields.hpp>
#include <type_traits>
#include <utility>

// How many fields an aggregate has, and whether they can be taken apart. Boost.PFR does the same,
// but g++ 12 dies of an internal error in its count of a struct that holds a std::array of
// strings; it also takes references for values and C arrays for several fields.
namespace bulkhead::detail {

template <class Field, class T>
concept not_itself = !std::is_same_v<Field, T>;

template <class Base, class T>
concept proper_base_of = !std::is_same_v<Base, T> && std::is_base_of_v<Base, T>;

/// Stands for a field of any type. Nothing is evaluated; the conversion has a body because clang
/// warns of its absence where a type has no linkage.
template <class T>
struct any_field {
  std::size_t position;
  template <not_itself<T> Field>
  operator Field() const {  // NOLINT: to convert is the point
    __builtin_unreachable();
  }
};

/// Stands for a base class of T only.
template <class T>
struct any_base {
  template <proper_base_of<T> Base>
  operator Base() const {  // NOLINT: to convert is the point
    __builtin_unreachable();
  }
};

template <class T, std::size_t... I>
constexpr bool takes_fields(std::index_sequence<I...>) {
  return requires { T{any_field<T>{I}...}; };
}

/// The number of fields, counting each element of a C array; stops beyond `fields_max`.
template <class T, std::size_t N = 0>
constexpr std::size_t count_fields() {
  if constexpr (N <= fields_max && takes_fields<T>(std::make_index_sequence<N + 1>())) {
    return count_fields<T, N + 1>();
  } else {
    return N;
  }
}

/// Looks at the field at which the initialisers `Before` end and `After` begin.
template <class T, std::size_t... Before, std::size_t... After>
constexpr refusal refusal_of_field(std::index_sequence<Before...>, std::index_sequence<After...>) {
  // Empty braces initialise a whole C array, and then there are initialisers left over.
  if constexpr (requires { T{any_field<T>{Before}..., {}, any_field<T>{After}...}; }) {
    return refusal::none;
  } else if constexpr (requires { T{any_field<T>{Before}..., {}}; }) {
    return refusal::c_array;
  } else {
    return refusal::not_default;
  }
}

template <class T, std::size_t... I>
constexpr refusal refusal_of_fields(std::index_sequence<I...>) {
  refusal first = refusal::none;
  (void)((first = refusal_of_field<T>(std::make_index_sequence<I>(),
                                      std::make_index_sequence<sizeof...(I) - 1 - I>()),
          first == refusal::none) &&
         ...);
  return first;
}

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

/// A struct or class of public fields: what the checks below are about.
template <class T>
concept aggregate_class = std::is_class_v<T> && std::is_aggregate_v<T> &&
                          std::is_same_v<T, std::remove_cv_t<T>> && !is_std_array<T> &&
                          !endpoint<T> && !bytes_class<T> && !inspected<T>;

/// @returns what keeps an aggregate from being taken apart, whatever its fields' types.
template <aggregate_class T>
constexpr refusal refusal_of_aggregate() {
  if constexpr (!std::is_default_constructible_v<T>) {
    return refusal::not_default;
  } else if constexpr (requires { T{any_base<T>{}}; }) {
    return refusal::base_class;
  } else {
    constexpr std::size_t fields = count_fields<T>();
    constexpr refusal why = refusal_of_fields<T>(std::make_index_sequence<fields>());
    return why == refusal::none && fields > fields_max ? refusal::too_many_fields : why;
  }
}

template <class T>
concept plain_aggregate = aggregate_class<T> && refusal_of_aggregate<T>()
== refusal::none;

}  // namespace bulkhead::detail
