#pragma once

#include <bulkhead/actors/any_actor.hpp>
#include <bulkhead/actors/system.hpp>
#include <caf/typed_actor.hpp>
#include <string>
#include <vector>

namespace bulkhead::actors {

/// What a watcher of names is told: which actor has a name now.
struct name_change {
  std::string name;
  any_actor actor;  ///< Of nobody: the name is free.
};

/// Who may watch names.
using name_watcher = caf::typed_actor<compat::takes<name_change>>;

/// Names of actors, for all processes of a tree: its handle goes to children as an argument or in
/// messages, and theirs to it. Its messages are those of CAF's own configuration server:
///
/// (put, name, any_actor): gives a name to an actor; whoever had it has it no more. Of nobody: as
/// delete. (get, name): the actor, or nobody. (get): all names, in order. (delete, name): frees it.
/// (subscribe, name, watcher): tells who has the name now, and each change from then on; "*": of
/// all names. (unsubscribe, name, watcher): no more of that name, or of "*".
///
/// A name is free when its actor has ended, in whatever process that was.
///
/// Each watcher has one change at a time to handle; of those that come meanwhile it hears the last
/// one of each name. So a slow watcher misses what lasted shortly, and makes nothing grow.
/// @limits names: not empty, not "*" (sec::invalid_argument). Handles: of caf::typed_actor types.
/// @owns handles to the actors that have names, and to the watchers: one that nobody else has a
/// handle of lives on until its name is freed.
using registry = caf::typed_actor<compat::takes<caf::put_atom, std::string, any_actor>,
                                  compat::asks<caf::get_atom, std::string>::with<any_actor>,
                                  compat::asks<caf::get_atom>::with<std::vector<std::string>>,
                                  compat::takes<caf::delete_atom, std::string>,
                                  compat::takes<caf::subscribe_atom, std::string, name_watcher>,
                                  compat::takes<caf::unsubscribe_atom, std::string, name_watcher>>;

/// Starts a registry in this process, which ends with its last handle, by an exit message, or with
/// `sys`.
/// @crash of this process: all names go. Make it where the tree's other services are supervised.
[[nodiscard]] registry spawn_registry(system& sys);

}  // namespace bulkhead::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::name_change)
