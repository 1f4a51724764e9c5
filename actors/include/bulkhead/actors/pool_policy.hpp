#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace bulkhead::actors {

namespace detail {

/// The key of a message; nothing: it is none that the function takes.
using key_function = std::function<std::optional<std::size_t>(const compat::message_values&)>;

// One value of a message, as the parameter of a key function that it is.
template <class T>
struct key_part {
  static decltype(auto) of(const compat::message_values& content, std::size_t n) {
    if constexpr (compat::constant<T>::value) {
      return T{};
    } else {
      return content.get_as<T>(n);
    }
  }
};

template <class F, class... Ins>
key_function key_of_values(F key) {
  return [key = std::move(key)](const compat::message_values& content) {
    std::optional<std::size_t> found;
    if (!values_codec<Ins...>::matches(content)) return found;
    [&]<std::size_t... N>(std::index_sequence<N...>) {
      using value = std::decay_t<decltype(key(key_part<Ins>::of(content, N)...))>;
      found = std::hash<value>()(key(key_part<Ins>::of(content, N)...));
    }
    (std::index_sequence_for<Ins...>());
    return found;
  };
}
// The messages that a key function takes are its parameters.
template <class F, class R, class... Ins>
key_function key_function_of(F key, R (F::*)(Ins...) const) {
  return key_of_values<F, std::decay_t<Ins>...>(std::move(key));
}
template <class R, class... Ins>
key_function key_function_of(R (*key)(Ins...)) {
  return key_of_values<R (*)(Ins...), std::decay_t<Ins>...>(key);
}

}  // namespace detail

/// Which worker of a pool gets a message.
class pool_policy {
 public:
  /// Each in turn. Supervised workers that are being started again are passed over while there are
  /// others.
  static pool_policy round_robin() { return pool_policy(kind::round_robin); }
  /// The one that has the fewest messages: handed to it by this pool and not handled or answered
  /// yet; where several have, each in turn. A message that wants no answer counts for a worker in
  /// another process until it is on its way there. Passes over as round_robin does.
  static pool_policy least_loaded() { return pool_policy(kind::least_loaded); }
  /// All of them. A request has the first answer that is no error; where all fail, the last error.
  static pool_policy broadcast() { return pool_policy(kind::broadcast); }
  /// The same one for the same key, for as long as it is in the pool: when a worker leaves, its
  /// keys alone go to others; when one is added, it gets its share.
  /// @limits keys: functions or lambdas, each for the messages of which its parameters are the
  /// values, that return what std::hash takes. Other messages go to each in turn.
  template <class... Keys>
  static pool_policy by_key(Keys... keys) {
    pool_policy made(kind::by_key);
    (made.keys_.push_back(key_function_of(std::move(keys))), ...);
    return made;
  }

  // For the pool.
  enum class kind : std::uint8_t { round_robin, least_loaded, broadcast, by_key };
  [[nodiscard]] kind how() const noexcept { return kind_; }
  [[nodiscard]] std::optional<std::size_t> key_of(const compat::message_values& content) const {
    for (const auto& key : keys_) {
      if (auto found = key(content)) return found;
    }
    return std::nullopt;
  }

 private:
  explicit pool_policy(kind how) : kind_(how) {}

  template <class Key>
  static detail::key_function key_function_of(Key key) {
    if constexpr (std::is_pointer_v<Key>) {
      return detail::key_function_of(key);
    } else {
      return detail::key_function_of(std::move(key), &Key::operator());
    }
  }

  kind kind_;
  std::vector<detail::key_function> keys_;
};

}  // namespace bulkhead::actors
