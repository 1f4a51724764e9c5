#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/exit_status.hpp>
#include <cstdint>
#include <memory>

namespace bulkhead::actors {

/// What becomes of requests when a supervised actor's process dies, and until its next incarnation
/// is up. Messages that want no answer wait for that one in each case, unless the dead one had
/// taken them.
enum class during_restart : std::uint8_t {
  fail,   ///< They fail at once: with peer_restarted and how the process ended.
  wait,   ///< Those that the dead one had taken fail so; the others wait for the next incarnation.
  retry,  ///< All wait for it: what the dead one had taken is sent again, so handlers may see it
          ///< twice. Requests of more than 128 KiB are not: they fail.
};

/// What a supervised actor can be told beside its child_spec.
struct supervised_options {
  actors::during_restart during_restart = actors::during_restart::fail;
};

/// To who watches a supervised actor (`watch`), from that actor: it has died, and is started again.
/// What is sent to the actor from now on reaches the incarnation named here, or a later one.
struct restarted {
  exit_status status;             ///< How it ended.
  std::uint64_t incarnation = 0;  ///< The one that is being started; the first was 1.
};

namespace detail {
void watch(const caf::strong_actor_ptr& watcher, const caf::strong_actor_ptr& supervised);
std::uint64_t incarnation_of(const caf::strong_actor_ptr& remote);

template <class T>
caf::strong_actor_ptr pointer_to(const T& actor) {
  if constexpr (requires { actor->ctrl(); }) {
    return caf::strong_actor_ptr(actor->ctrl());
  } else {
    return caf::actor_cast<caf::strong_actor_ptr>(actor);
  }
}
}  // namespace detail

/// Has `self` sent a `restarted` for each death of a supervised actor that a restart follows. Its
/// end for good comes as a down_msg, to who monitors it. Once is enough.
/// @limits self: a `self` pointer, a scoped_actor or a handle; typed ones accept `restarted`.
/// @errors unsupported: `actor` is none that this process's `spawn_process` has supervised.
/// @threads any. The message is sent by the thread that takes the actor's answers in, after what
/// the dead one had answered and after the requests that failed.
template <class Self, class Handle>
void watch(const Self& self, const Handle& actor) {
  if constexpr (requires { typename Self::signatures; }) {
    static_assert(compat::accepts<Self, restarted>(),
                  "watch wants an actor that accepts actors::restarted");
  }
  detail::watch(detail::pointer_to(self), caf::actor_cast<caf::strong_actor_ptr>(actor));
}

/// Which start of a supervised actor is up, or was last; 1 for one that is not supervised.
/// @errors unsupported: no actor that this process started by `spawn_process`.
template <class Handle>
[[nodiscard]] std::uint64_t incarnation(const Handle& actor) {
  return detail::incarnation_of(caf::actor_cast<caf::strong_actor_ptr>(actor));
}

}  // namespace bulkhead::actors
