#pragma once

#include <bulkhead/actors/detail/host_actor.hpp>
#include <bulkhead/runtime.hpp>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace bulkhead::actors::detail {

/// How the process of an actor is started, and this process's end of the lane to it.
struct hosted_start {
  bulkhead::detail::start_recipe recipe;
  actor_client lane;
  const message_codec* codec = nullptr;
};

template <class Interface, class F, class... Args>
hosted_start make_hosted(runtime& rt, const std::string& name, hosting how, const F& behavior_fn,
                         Args&&... args) {
  using function = std::decay_t<F>;
  using arguments = std::tuple<std::decay_t<Args>...>;
  static_assert(
      bulkhead::detail::is_function_pointer<function> || bulkhead::detail::captureless<function>,
      "spawn_process takes a function or a lambda without captures: hand over what it needs as "
      "arguments");
  using interface = actor_interface<Interface>;
  static_assert(compat::makes_actor<typename interface::handle, function, std::decay_t<Args>...>(),
                "behavior_fn(self, args...) gives the behavior of an actor of that handle, as for "
                "CAF's spawn; self: its event-based, stateful or blocking actor's pointer");
  auto lane = make_calls<actor_bytes, actor_bytes>(rt, {.name = name});
  hosted_start made;
  made.lane = std::move(lane.first);
  made.codec = &codec_of<typename interface::signatures>::instance();
  made.recipe.entry = &run_hosted<Interface, function, arguments>;
  if constexpr (bulkhead::detail::is_function_pointer<function>) {
    made.recipe.target = reinterpret_cast<void*>(function(behavior_fn));
  }
  using all = hosted_arguments<arguments>;
  made.recipe.fingerprint = bulkhead::detail::fingerprint_of<all>();
  bulkhead::detail::put_arguments(
      made.recipe, std::make_shared<const all>(std::move(lane.second), how,
                                               arguments(std::forward<Args>(args)...)));
  return made;
}

}  // namespace bulkhead::actors::detail
