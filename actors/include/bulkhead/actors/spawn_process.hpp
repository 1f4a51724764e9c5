#pragma once

#include <bulkhead/actors/detail/host_actor.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/runtime.hpp>
#include <bulkhead/spawn_options.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace bulkhead::actors {

namespace detail {

/// Starts the process, and makes the handle's proxy.
caf::strong_actor_ptr start_remote(system& sys, const spawn_options& options,
                                   bulkhead::detail::start_recipe recipe, actor_client lane,
                                   const message_codec& codec);

}  // namespace detail

/// Starts an actor in a process of its own: there `behavior_fn(Handle::pointer, args...)` gives its
/// behavior, as for CAF's spawn. What it is sent is encoded where that process reads it, and runs
/// on the thread that reads it; what it answers runs its asker on the thread that takes the answer
/// in.
///
/// Requests, responses and their timeouts, monitors and links work as with a local actor. When its
/// process dies, pending requests fail at once and monitors get a down_msg, both with an error for
/// which `is(error, errc::peer_crashed)`, and `exit_of(error)` says how. When the actor ends by
/// itself monitors get its own reason, and its process ends. When the last handle goes the actor is
/// asked to exit, and its process ends.
/// @limits Handle: a caf::typed_actor whose messages are of types that are Bulkhead's messages as
/// well as CAF's, without mailboxes in them. behavior_fn: a function or a lambda without captures;
/// args: as of `runtime::spawn`. A sender's identity stays here: `current_sender()` is for answers.
/// @returns the handle, at once. An exception in behavior_fn ends the actor, as it does a local
/// one.
/// @errors as runtime::spawn.
/// @threads any. A plain thread or a scoped_actor waits while there is no room; actors do not:
/// their requests are answered with errc::full, other messages are kept, 1048576 at most.
/// @crash of this process: the actor's ends.
template <class Handle, class F, class... Args>
Handle spawn_process(system& sys, const spawn_options& options, const F& behavior_fn,
                     Args&&... args) {
  using function = std::decay_t<F>;
  using arguments = std::tuple<std::decay_t<Args>...>;
  static_assert(
      bulkhead::detail::is_function_pointer<function> || bulkhead::detail::captureless<function>,
      "spawn_process takes a function or a lambda without captures: hand over what it needs as "
      "arguments");
  static_assert(std::is_invocable_r_v<typename Handle::behavior_type, const function&,
                                      typename Handle::pointer, std::decay_t<Args>...>,
                "behavior_fn(Handle::pointer, args...) gives a Handle::behavior_type");
  auto lane =
      make_calls<detail::actor_bytes, detail::actor_bytes>(sys.runtime(), {.name = options.name});
  bulkhead::detail::start_recipe recipe;
  recipe.entry = &detail::run_hosted<Handle, function, arguments>;
  if constexpr (bulkhead::detail::is_function_pointer<function>) {
    recipe.target = reinterpret_cast<void*>(function(behavior_fn));
  }
  using all = detail::hosted_arguments<arguments>;
  recipe.fingerprint = bulkhead::detail::fingerprint_of<all>();
  bulkhead::detail::put_arguments(
      recipe,
      std::make_shared<const all>(std::move(lane.second), arguments(std::forward<Args>(args)...)));
  return caf::actor_cast<Handle>(
      detail::start_remote(sys, options, std::move(recipe), std::move(lane.first),
                           detail::codec_of<typename Handle::signatures>::instance()));
}

}  // namespace bulkhead::actors
