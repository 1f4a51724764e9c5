#pragma once

#include <bulkhead/actors/accepts.hpp>
#include <bulkhead/actors/detail/hosted_recipe.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/actors/supervised.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/runtime.hpp>
#include <bulkhead/spawn_options.hpp>
#include <bulkhead/supervisor.hpp>
#include <concepts>
#include <utility>

namespace bulkhead::actors {

namespace detail {

// Starts the process, and makes the handle's proxy.
caf::strong_actor_ptr start_owned(system& sys, const spawn_options& options, hosted_start start);
caf::strong_actor_ptr start_supervised(system& sys, supervisor& sup, const child_spec& spec,
                                       const supervised_options& options, hosted_start start);

}  // namespace detail

/// The handle that a spawn gives: `Handle`, or caf::actor for `accepts<...>`.
template <class Handle>
using spawned = typename detail::actor_interface<Handle>::handle;

/// Starts an actor in a process of its own: there `behavior_fn(self, args...)` is what CAF's spawn
/// takes: it gives the behavior of an event-based or stateful actor, or is the body of a blocking
/// one. What it is sent is encoded where that process reads it, and runs
/// on the thread that reads it; what it answers runs its asker on the thread that takes the answer
/// in.
///
/// Requests, responses and their timeouts, monitors and links work as with a local actor. When its
/// process dies, pending requests fail at once and monitors get a down_msg, both with an error for
/// which `is(error, errc::peer_crashed)`, and `exit_of(error)` says how. When the actor ends by
/// itself monitors get its own reason, and its process ends. When the last handle goes the actor is
/// asked to exit, and its process ends.
/// @limits Handle: a caf::typed_actor, or `accepts<...>` for a caf::actor; its messages are of
/// types that are Bulkhead's messages as well as CAF's, without mailboxes in them. A blocking actor
/// runs on a thread of its own. behavior_fn: a function or a lambda without captures; args: as of
/// `runtime::spawn`. A sender's identity stays here: `current_sender()` is for answers.
/// @returns the handle, at once. An exception in behavior_fn ends the actor, as it does a local
/// one.
/// @errors as runtime::spawn.
/// @threads any. A plain thread or a scoped_actor waits while there is no room; what actors send is
/// kept then, up to system_options::kept_bytes; beyond it requests are answered with errc::full,
/// other messages are dropped and counted (`dropped`).
/// @crash of this process: the actor's ends.
template <class Handle, class F, class... Args>
spawned<Handle> spawn_process(system& sys, const spawn_options& options, const F& behavior_fn,
                              Args&&... args) {
  return caf::actor_cast<spawned<Handle>>(detail::start_owned(
      sys, options,
      detail::make_hosted<Handle>(sys.runtime(), options.name, detail::hosting::owned, behavior_fn,
                                  std::forward<Args>(args)...)));
}

/// The same under a supervisor: when the actor or its process dies it is started again, as `spec`
/// says, and the handle is that of the next incarnation. Nothing is delivered twice unless
/// `retry` was chosen, and each request has one answer or one error.
///
/// What was under way when it died fails at once, `is(error, errc::peer_restarted)`, and
/// `exit_of(error)` says how; or it waits, or is sent again, as `options` say. `watch` tells of
/// each death. Monitors and links fire when no incarnation will come any more: the supervisor gave
/// up
/// (`is(reason, errc::gave_up)`), it ended, or the child was deleted. A child that is stopped
/// answers with closed or peer_crashed until `restart_child`.
///
/// An actor that ends with a reason other than normal and user_shutdown ends its process by an
/// exception, so that a transient child is started again; else the process exits with 0. When the
/// last handle goes the actor stays: it is its supervisor's. When `sys` ends, the child is stopped.
/// @limits spec.name: the process's; spec.ready on_call: the actor calls this_process::ready().
/// @returns the handle, when the child is up.
/// @errors as supervisor::start.
/// @crash of the actor's process: a message that it had taken and not handled is lost with it,
/// whoever sent it without asking for an answer does not hear so; what it had not taken is there
/// for the next.
template <class Handle, class F, class... Args>
requires(!std::same_as<F, supervised_options>) spawned<Handle> spawn_process(
    system& sys, supervisor& sup, const child_spec& spec, const F& behavior_fn, Args&&... args) {
  return spawn_process<Handle>(sys, sup, spec, supervised_options{}, behavior_fn,
                               std::forward<Args>(args)...);
}
template <class Handle, class F, class... Args>
spawned<Handle> spawn_process(system& sys, supervisor& sup, const child_spec& spec,
                              const supervised_options& options, const F& behavior_fn,
                              Args&&... args) {
  const auto how = options.during_restart == during_restart::fail ? detail::hosting::supervised_new
                                                                  : detail::hosting::supervised;
  return caf::actor_cast<spawned<Handle>>(detail::start_supervised(
      sys, sup, spec, options,
      detail::make_hosted<Handle>(sys.runtime(), spec.name, how, behavior_fn,
                                  std::forward<Args>(args)...)));
}

}  // namespace bulkhead::actors
