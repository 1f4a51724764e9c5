#pragma once

#include <bulkhead/detail/entry.hpp>
#include <bulkhead/queue.hpp>
#include <bulkhead/supervision_events.hpp>
#include <bulkhead/supervision_types.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace bulkhead {
class supervisor;
}

// The entry of a process whose function builds a supervisor.
namespace bulkhead::detail {

/// How that process makes its supervisor, and where its events go.
struct nested_start {
  std::string path;
  bulkhead::strategy strategy = bulkhead::strategy::one_for_one;
  bool is_unlimited = false;
  std::int64_t intensity = 0;  ///< Where it is not unlimited.
  std::chrono::nanoseconds period{};
  bulkhead::auto_shutdown auto_shutdown = bulkhead::auto_shutdown::never;
  std::uint64_t events_max = 0;
  queue<supervision_event> events;
};

/// Builds a supervisor in this process and waits until it has ended, because it was asked to or by
/// itself. @errors what `build` throws; gave_up.
void run_nested(const nested_start& how, const std::function<void(supervisor&)>& build);

// What the function takes behind the supervisor.
template <class Fn, class... Args>
struct build_parameters {
  using type = std::tuple<std::decay_t<Args>...>;
};
template <class R, class... Ps, class... Args>
struct build_parameters<R (*)(supervisor&, Ps...), Args...> {
  using type = std::tuple<std::decay_t<Ps>...>;
};
template <class R, class L, class... Ps>
std::tuple<std::decay_t<Ps>...> parameters_of_build(R (L::*)(supervisor&, Ps...) const);
template <class Fn, class... Args>
requires(captureless<Fn>&& requires {
  parameters_of_build(&Fn::operator());
}) struct build_parameters<Fn, Args...> {
  using type = decltype(parameters_of_build(&Fn::operator()));
};

template <class Fn, class Tuple>
void run_supervisor_entry(const child_start& start) {
  std::pair<nested_start, Tuple> given{};
  if (!decode_all(start.arguments, given, start.endpoints)) {
    throw std::runtime_error(
        "the arguments are not those of the function: parent and child are different programs");
  }
  run_nested(given.first, [&](supervisor& nested) {
    const auto call = [&](auto&... args) {
      if constexpr (captureless<Fn>) {
        Fn{}(nested, std::move(args)...);
      } else {
        reinterpret_cast<Fn>(start.target)(nested, std::move(args)...);
      }
    };
    std::apply(call, given.second);
  });
}

/// Makes the recipe for a process that runs `build(nested, args...)`.
template <class F, class... Args>
start_recipe make_supervisor_recipe(const F& build, const nested_start& how, Args&&... args) {
  using function = std::decay_t<F>;
  static_assert(is_function_pointer<function> || captureless<function>,
                "start_supervisor_process takes a function or a lambda without captures: hand over "
                "what it needs as arguments");
  start_recipe recipe;
  if constexpr (is_function_pointer<function> || captureless<function>) {
    using tuple = typename build_parameters<function, std::decay_t<Args>...>::type;
    static_assert(std::tuple_size_v<tuple> == sizeof...(Args),
                  "start_supervisor_process was given more or fewer arguments than the function "
                  "has parameters behind the supervisor");
    static_assert(std::is_constructible_v<tuple, Args&&...>,
                  "an argument given to start_supervisor_process does not convert to the "
                  "function's parameter");
    static_assert(require_spawn_argument<tuple>());
    using given = std::pair<nested_start, tuple>;
    recipe.entry = &run_supervisor_entry<function, tuple>;
    if constexpr (is_function_pointer<function>)
      recipe.target = reinterpret_cast<void*>(function(build));
    recipe.fingerprint = fingerprint_of<given>();
    put_arguments(recipe, std::make_shared<const given>(how, tuple(std::forward<Args>(args)...)));
  }
  return recipe;
}

}  // namespace bulkhead::detail
