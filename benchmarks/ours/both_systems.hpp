#pragma once

#include <bulkhead/actors/system.hpp>
#include <bulkhead/runtime.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

namespace bench {

/// Our actor system with its runtime, and beside it CAF alone with its own scheduler policy, as its
/// users have it.
struct both_systems {
  bulkhead::runtime rt;
  bulkhead::actors::system ours{rt};
  caf::actor_system_config plain;
  caf::actor_system caf{plain};
};

}  // namespace bench
