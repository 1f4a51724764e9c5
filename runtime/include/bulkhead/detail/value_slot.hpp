#pragma once

#include <bulkhead/detail/codec.hpp>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace bulkhead::detail {

/// Room for a value that any bytes are: with nothing to destroy there is no note of whether it is
/// there, as a note is a store a message.
template <class T>
class plain_value {
 public:
  plain_value() noexcept : room_{} {}
  explicit plain_value(const std::byte* bytes) noexcept {
    ::new (static_cast<void*>(room_)) T(load_bytes<T>(bytes));
  }
  T& emplace() noexcept { return *::new (static_cast<void*>(room_)) T{}; }
  T& emplace(const T& value) noexcept { return *::new (static_cast<void*>(room_)) T(value); }
  void reset() noexcept {}
  [[nodiscard]] T& operator*() noexcept { return *std::launder(reinterpret_cast<T*>(room_)); }
  [[nodiscard]] const T& operator*() const noexcept {
    return *std::launder(reinterpret_cast<const T*>(room_));
  }

 private:
  alignas(T) std::byte room_[sizeof(T)];
};

template <class T>
inline constexpr bool is_plain_value = false;
template <class T>
requires(copies_as_bytes<T> && sizeof(T) <= 128) inline constexpr bool is_plain_value<T> = true;

/// What a delivery keeps its value in.
template <class T>
using value_slot =
    typename std::conditional_t<is_plain_value<T>, std::type_identity<plain_value<T>>,
                                std::type_identity<std::optional<T>>>::type;

}  // namespace bulkhead::detail
