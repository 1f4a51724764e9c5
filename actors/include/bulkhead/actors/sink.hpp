#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/sink_output.hpp>
#include <bulkhead/actors/system.hpp>
#include <caf/typed_actor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace bulkhead::actors {

namespace detail {
std::uint64_t dropped_by(const caf::strong_actor_ptr& actor);
}

/// An actor that puts each message into a mailbox: `to_queue` and `to_pipe` make one. It has
/// neither a mailbox of CAF's nor a turn: who sends to it has put the message there when `send`
/// returns, where there is room.
///
/// A request is answered, with nothing, when its message is in the mailbox, where it outlives this
/// process. So requests are how an actor keeps to the pace of who reads; and a stage that answers
/// its own input only then loses nothing.
template <class T>
using sink = caf::typed_actor<compat::takes<T>>;

/// What becomes of messages for which there is no room. A plain thread, a scoped_actor and a
/// detached actor wait; other actors may not.
struct sink_options {
  /// Messages of such actors that wait here, at least 1. Beyond it requests are answered with
  /// errc::full, others are dropped and counted (`dropped`).
  std::size_t waiting = 1024;
};

/// How many messages a sink has dropped that wanted no answer: there was no room for them, or their
/// mailbox refused them or ended. Of a handle of an actor in another process: how many this process
/// has dropped, since there was no room for them, they were too large or none of the actor's; what
/// is sent to an actor that has ended is none of them.
/// @errors unsupported: `actor` is neither.
template <class Handle>
[[nodiscard]] std::uint64_t dropped(const Handle& actor) {
  return detail::dropped_by(caf::actor_cast<caf::strong_actor_ptr>(actor));
}

namespace detail {

/// Makes a sink of any type. @limits kind: the call, for the texts of errors.
caf::strong_actor_ptr start_sink(system& sys, const char* kind, std::unique_ptr<sink_output> output,
                                 const sink_options& options);

}  // namespace detail

}  // namespace bulkhead::actors
