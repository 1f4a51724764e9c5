#pragma once

#include <bulkhead/actors/broker.hpp>
#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/supervision_events.hpp>
#include <bulkhead/supervisor.hpp>
#include <caf/typed_actor.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace bulkhead::actors {

// What a supervisor is asked by messages: its calls of these names.

/// The children, newest first.
struct which_children {};
/// Their numbers.
struct count_children {};
/// One child. @errors sec::invalid_argument: there is none of that name.
struct find_child {
  std::string name;
};
/// Stops a child; answered when it has ended. @errors as find_child.
struct terminate_child {
  std::string name;
  std::uint64_t id = 0;  ///< Instead of the name, where that is empty: of dynamic children.
};
/// Starts a stopped child; answered when it is up. @errors errc::start_failed, with how it ended;
/// as find_child.
struct restart_child {
  std::string name;
};
/// Forgets a stopped child. @errors errc::not_permitted while it runs; as find_child.
struct delete_child {
  std::string name;
};
/// Stops all children and ends the supervisor; answered when it has ended.
struct shut_down {};

/// Who may hear a supervisor's events: gets the child's name, and the event.
using event_listener = subscriber<supervision_event>;

/// A supervisor's administration and events by messages, for actors of this process and, by its
/// handle, of others. (subscribe, child's name, event_listener): its events from now on, and "*":
/// those of all children; (unsubscribe, ...): no more. A slow listener misses the oldest of those
/// beyond what broker_options allow.
///
/// It ends with its supervisor: monitors get user_shutdown where that was shut down or its
/// significant children ended, an error for which `is(error, errc::gave_up)` where it gave up.
using supervisor_actor = caf::typed_actor<
    compat::asks<which_children>::with<std::vector<child_info>>,
    compat::asks<count_children>::with<child_count>, compat::asks<find_child>::with<child_info>,
    compat::takes<terminate_child>, compat::takes<restart_child>, compat::takes<delete_child>,
    compat::takes<shut_down>, compat::takes<caf::subscribe_atom, std::string, event_listener>,
    compat::takes<caf::unsubscribe_atom, std::string, event_listener>>;

/// Starts the actor of a supervisor of this process, which stays whose it is: the actor ends with
/// it, by an exit message or with its last handle, none of which ends the supervisor. Once is
/// enough for a supervisor: each costs two threads, and is told all events.
/// @limits events: its overflow policy may not be block (std::invalid_argument).
/// @threads any. Requests that wait for a child are done one after the other, by a thread of their
/// own; the others are answered meanwhile.
/// @crash the supervisor's own; requests under way fail with it.
[[nodiscard]] supervisor_actor spawn_supervisor_actor(system& sys, const supervisor& sup,
                                                      const broker_options& events = {});

}  // namespace bulkhead::actors

#if !BULKHEAD_CAF_0_17
CAF_BEGIN_TYPE_ID_BLOCK(bulkhead_supervision, caf::first_custom_type_id + 1100)
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::actors::which_children))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::actors::count_children))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::actors::find_child))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::actors::terminate_child))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::actors::restart_child))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::actors::delete_child))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::actors::shut_down))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::supervision_event))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::child_info))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::child_count))
CAF_ADD_TYPE_ID(bulkhead_supervision, (std::vector<bulkhead::child_info>))
CAF_ADD_TYPE_ID(bulkhead_supervision, (bulkhead::actors::event_listener))
CAF_END_TYPE_ID_BLOCK(bulkhead_supervision)
#endif
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::which_children)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::count_children)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::find_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::terminate_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::restart_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::delete_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::shut_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::supervision_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::child_info)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::child_count)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<bulkhead::child_info>)
