#pragma once

#include <bulkhead/detail/legacy.hpp>
#include <bulkhead/errc.hpp>
#include <bulkhead/message.hpp>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <vector>

namespace bulkhead::detail {

/// What a spawned function's entry gets in the child.
struct child_start {
  void* target = nullptr;  ///< The function, where the entry does not know it by type.
  std::span<const std::byte> arguments;
  endpoint_source* endpoints = nullptr;
};
using entry_function = void (*)(const child_start&);

/// A function and its arguments, ready to be sent to the keeper as often as it is to be started.
/// Keeps the queues and pipe ends that it names.
struct start_recipe {
  entry_function entry = nullptr;
  void* target = nullptr;
  std::uint64_t fingerprint = 0;
  std::vector<std::byte> arguments;
  std::vector<std::uint64_t> endpoints;
  std::vector<std::string> command;    ///< Not empty: another executable, and no entry.
  bool inherits = false;               ///< It takes up what `arguments` name.
  std::shared_ptr<const void> values;  ///< The arguments, with the endpoints that they hold.
};

template <class Fn>
inline constexpr bool is_function_pointer =
    std::is_pointer_v<Fn>&& std::is_function_v<std::remove_pointer_t<Fn>>;

template <class Fn>
concept captureless =
    std::is_class_v<Fn> && std::is_empty_v<Fn> && std::is_default_constructible_v<Fn>;

// The types that arguments travel as: those of the function's parameters, or those given where
// these are templates.
template <class Fn, class... Args>
struct parameters {
  using type = std::tuple<std::decay_t<Args>...>;
};
template <class R, class... Ps, class... Args>
struct parameters<R (*)(Ps...), Args...> {
  using type = std::tuple<std::decay_t<Ps>...>;
};
template <class R, class... Ps, class... Args>
struct parameters<R (*)(Ps...) noexcept, Args...> {
  using type = std::tuple<std::decay_t<Ps>...>;
};
template <class R, class L, class... Ps>
std::tuple<std::decay_t<Ps>...> parameters_of_call(R (L::*)(Ps...) const);
template <class R, class L, class... Ps>
std::tuple<std::decay_t<Ps>...> parameters_of_call(R (L::*)(Ps...) const noexcept);
template <class Fn, class... Args>
requires(captureless<Fn>&& requires {
  parameters_of_call(&Fn::operator());
}) struct parameters<Fn, Args...> {
  using type = decltype(parameters_of_call(&Fn::operator()));
};

template <class Fn, class Tuple>
void run_entry(const child_start& start) {
  Tuple arguments{};
  if (!decode_all(start.arguments, arguments, start.endpoints)) {
    throw std::runtime_error(
        "the arguments are not those of the function: parent and child are different programs");
  }
  if constexpr (captureless<Fn>) {
    std::apply(Fn{}, std::move(arguments));
  } else {
    std::apply(reinterpret_cast<Fn>(start.target), std::move(arguments));
  }
}

template <class Tuple>
void put_arguments(start_recipe& recipe, std::shared_ptr<const Tuple> values) {
  recipe.values = values;
  endpoint_list collector(recipe.endpoints);
  const std::size_t bytes = encoded_size(*values);
  if (bytes >= oversize) {
    throw error(errc::too_large,
                "an argument of a spawn is nested or long beyond what can be read again");
  }
  recipe.arguments.resize(bytes);
  encoder to(recipe.arguments.data(), &collector);
  encode(to, *values);
}

/// Makes the recipe for `fn(args...)`.
template <class F, class... Args>
start_recipe make_recipe(const F& fn, Args&&... args) {
  using function = std::decay_t<F>;
  static_assert(
      is_function_pointer<function> || captureless<function>,
      "spawn takes a function or a lambda without captures: hand over what it needs as arguments");
  start_recipe recipe;
  if constexpr (is_function_pointer<function> || captureless<function>) {
    using tuple = typename parameters<function, std::decay_t<Args>...>::type;
    static_assert(std::tuple_size_v<tuple> == sizeof...(Args),
                  "spawn was given more or fewer arguments than the function has parameters");
    static_assert(std::is_constructible_v<tuple, Args&&...>,
                  "an argument given to spawn does not convert to the function's parameter");
    static_assert(require_spawn_argument<tuple>());
    recipe.entry = &run_entry<function, tuple>;
    if constexpr (is_function_pointer<function>) {
      recipe.target = reinterpret_cast<void*>(function(fn));
      if (recipe.target == nullptr) throw std::invalid_argument("the function to start is null");
    }
    recipe.fingerprint = fingerprint_of<tuple>();
    put_arguments(recipe, std::make_shared<const tuple>(std::forward<Args>(args)...));
  }
  return recipe;
}

}  // namespace bulkhead::detail
