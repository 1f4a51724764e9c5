#pragma once

#include <bulkhead/detail/codec_associative.hpp>
#include <bulkhead/detail/codec_choice.hpp>
#include <bulkhead/detail/codec_fields.hpp>
#include <bulkhead/detail/codec_scalar.hpp>
#include <bulkhead/detail/codec_sequence.hpp>
#include <span>

namespace bulkhead::detail {

template <class T>
inline constexpr bool is_view = false;
template <class Char, class Traits>
inline constexpr bool is_view<std::basic_string_view<Char, Traits>> = true;
template <class T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;

template <class T>
constexpr refusal refusal_of_unknown() {
  if constexpr (std::is_reference_v<T>) {
    return refusal::reference;
  } else if constexpr (std::is_array_v<T>) {
    return refusal::c_array;
  } else if constexpr (!std::is_same_v<T, std::remove_cv_t<T>>) {
    return refusal::qualified;
  } else if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> ||
                       std::is_null_pointer_v<T>) {
    return refusal::pointer;
  } else if constexpr (is_view<T>) {
    return refusal::view;
  } else if constexpr (std::is_union_v<T>) {
    return refusal::union_type;
  } else if constexpr (aggregate_class<T>) {
    return refusal_of_aggregate<T>();
  } else {
    return refusal::no_codec;
  }
}

/// For the types that do not fit: says why.
template <class T>
struct codec {
  using parts = type_list<>;
  static constexpr refusal why = refusal_of_unknown<T>();
  static constexpr bool named = false;
  static constexpr std::uint64_t seed = 0;
  static constexpr bool fixed = false;
  static constexpr bool raw = false;
  static constexpr bool any_bits = false;
  static constexpr std::size_t min_size = 1;
};

template <refusal Why, class Culprit>
struct verdict {
  static constexpr refusal why = Why;
};

/// The first of two verdicts that is a refusal.
template <refusal A, class A_culprit, class B>
constexpr auto operator+(verdict<A, A_culprit> a, B b) {
  if constexpr (A != refusal::none) {
    return a;
  } else {
    return b;
  }
}

/// Looks for the first type in T that does not fit, T itself included. `Enclosing` are the named
/// types around it, so that a type that holds itself ends the search.
template <class T, bool Endpoints_fit, class... Enclosing>
constexpr auto judge();

template <bool Endpoints_fit, class... Enclosing, class... Parts>
constexpr auto judge_parts(type_list<Parts...>) {
  return (verdict<refusal::none, void>() + ... + judge<Parts, Endpoints_fit, Enclosing...>());
}

template <class T, bool Endpoints_fit, class... Enclosing>
constexpr auto judge() {
  constexpr refusal why = codec<T>::why;
  if constexpr ((std::is_same_v<T, Enclosing> || ...)) {
    return verdict<refusal::none, void>();
  } else if constexpr (why != refusal::none && !(Endpoints_fit && why == refusal::endpoint)) {
    return verdict<why, T>();
  } else if constexpr (endpoint<T>) {
    // What travels through it are messages, also where itself it is an argument.
    return judge_parts<false, Enclosing...>(typename codec<T>::parts());
  } else if constexpr (codec<T>::named) {
    return judge_parts<Endpoints_fit, T, Enclosing...>(typename codec<T>::parts());
  } else {
    return judge_parts<Endpoints_fit, Enclosing...>(typename codec<T>::parts());
  }
}

template <class T, bool Endpoints_fit>
inline constexpr bool fits = decltype(judge<T, Endpoints_fit>())::why == refusal::none;

/// False when no value of T can hold an endpoint. Only the inspection of a type knows, so one with
/// an `inspect` may.
template <class T, class... Enclosing>
constexpr bool holds_endpoints();

template <class... Enclosing, class... Parts>
constexpr bool any_holds_endpoints(type_list<Parts...>) {
  return (holds_endpoints<Parts, Enclosing...>() || ...);
}

template <class T, class... Enclosing>
constexpr bool holds_endpoints() {
  if constexpr ((std::is_same_v<T, Enclosing> || ...)) {
    return false;
  } else if constexpr (endpoint<T> || inspected<T>) {
    return true;
  } else if constexpr (codec<T>::named) {
    return any_holds_endpoints<T, Enclosing...>(typename codec<T>::parts());
  } else {
    return any_holds_endpoints<Enclosing...>(typename codec<T>::parts());
  }
}

template <class T, bool Endpoints_fit>
constexpr bool does_fit() {
  return fits<T, Endpoints_fit>;
}

/// Instantiated, and thus named by the compiler, with the message and the type in it that does
/// not fit.
template <class Message, class Culprit, refusal Why>
struct explain_refusal {
  static_assert(Why != refusal::pointer,
                "bulkhead: a pointer cannot be in a message, its address means nothing in another "
                "process: send the value, or a std::unique_ptr to it");
  static_assert(Why != refusal::reference,
                "bulkhead: a reference cannot be in a message: send the value");
  static_assert(Why != refusal::c_array,
                "bulkhead: a C array cannot be in a message: use std::array or std::vector");
  static_assert(Why != refusal::qualified,
                "bulkhead: a const or volatile type cannot be in a message: it could not be "
                "received");
  static_assert(Why != refusal::view,
                "bulkhead: a view cannot be in a message, it owns nothing: use std::string or "
                "std::vector");
  static_assert(Why != refusal::union_type,
                "bulkhead: a union cannot be in a message, nobody knows its active member: use "
                "std::variant");
  static_assert(Why != refusal::base_class,
                "bulkhead: a struct with a base class cannot be in a message: make the base a "
                "member");
  static_assert(Why != refusal::not_default,
                "bulkhead: this struct cannot be in a message: a reference, a const member or one "
                "without a default constructor could not be received");
  static_assert(Why != refusal::not_trivial,
                "bulkhead: enable_bytes is for trivially copyable classes only: this one needs an "
                "inspect, or public members");
  static_assert(Why != refusal::too_many_fields,
                "bulkhead: a struct of more than 64 fields cannot be in a message: group them in "
                "structs of their own");
  static_assert(Why != refusal::endpoint,
                "bulkhead: this endpoint cannot be in a message: pass it as an argument of spawn");
  static_assert(Why != refusal::no_codec,
                "bulkhead: this type cannot be in a message: it must be a standard type that "
                "docs/message-format.md lists, or a struct with public members of such types");
};

template <class T, class Verdict>
struct explain;
template <class T, refusal Why, class Culprit>
struct explain<T, verdict<Why, Culprit>> : explain_refusal<T, Culprit, Why> {};

/// Has the compiler look into the types that only their own `inspect` can name the fields of.
template <class T, bool Endpoints_fit, class... Enclosing>
constexpr bool look_inside();

template <bool Endpoints_fit, class... Enclosing, class... Parts>
constexpr bool look_inside_all(type_list<Parts...>) {
  return (look_inside<Parts, Endpoints_fit, Enclosing...>() && ...);
}

template <class T, bool Endpoints_fit, class... Enclosing>
constexpr bool look_inside() {
  if constexpr ((std::is_same_v<T, Enclosing> || ...)) {
    return true;
  } else if constexpr (inspected<T>) {
    return &codec<T>::template check<Endpoints_fit> != nullptr;
  } else if constexpr (endpoint<T>) {
    return look_inside_all<false, Enclosing...>(typename codec<T>::parts());
  } else if constexpr (codec<T>::named) {
    return look_inside_all<Endpoints_fit, T, Enclosing...>(typename codec<T>::parts());
  } else {
    return look_inside_all<Endpoints_fit, Enclosing...>(typename codec<T>::parts());
  }
}

template <class T, bool Endpoints_fit>
constexpr bool require() {
  if constexpr (sizeof(explain<T, decltype(judge<T, Endpoints_fit>())>) == 0) return false;
  if constexpr (fits<T, Endpoints_fit>) return look_inside<T, Endpoints_fit>();
  return true;
}

/// For `static_assert(require_message<T>())` in class templates over messages: always true, or
/// one sentence from the compiler about the type in T that does not fit.
template <class T>
constexpr bool require_message() {
  return require<T, false>();
}

/// The same for an argument of a spawn, which may be or hold an endpoint.
template <class T>
constexpr bool require_spawn_argument() {
  return require<T, true>();
}

}  // namespace bulkhead::detail
