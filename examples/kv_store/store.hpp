#pragma once

#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <string>

namespace kv_store {

using put_atom = caf::atom_constant<caf::atom("put")>;
using get_atom = caf::atom_constant<caf::atom("get")>;

/// put answers when its pair will outlive the process; get answers "" where there is no such key.
using store = caf::typed_actor<caf::replies_to<put_atom, std::string, std::string>::with<bool>,
                               caf::replies_to<get_atom, std::string>::with<std::string>>;

/// Begins with what the log has, so that each incarnation knows what its predecessors answered for.
/// @limits crash_every: on average after so many puts it kills itself, before, while or after it
/// writes; 0: never.
store::behavior_type keep(store::pointer self, const std::string& log, int crash_every);

}  // namespace kv_store
