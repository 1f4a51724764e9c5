#pragma once

#include <bulkhead/supervision_events.hpp>
#include <cstdint>
#include <variant>

namespace bulkhead::core {

/// Names a child for the life of its supervisor; a name can be used again, an id cannot.
using child_id = std::uint64_t;

/// What the state machine wants done, in the order in which it wants it.
namespace commands {

/// Start a process for the child; answered by started, ready, start_failed or exited of this
/// incarnation.
struct start {
  child_id id = 0;
  std::uint64_t incarnation = 0;
};

/// Ask the process to stop; answered by exited, or start_failed when it has not come up.
struct request_stop {
  child_id id = 0;
  std::uint64_t incarnation = 0;
};

/// End the process by SIGKILL; answered as request_stop. May be for a process that is gone: then
/// its end is already on its way here.
struct kill {
  child_id id = 0;
  std::uint64_t incarnation = 0;
};

/// Raise the event.
struct emit {
  supervision_event event;
};

/// All children given to supervision::start are up.
struct all_started {};

/// The supervisor has ended and no child has a process. Nothing follows.
struct ended {
  end_reason reason;
};

}  // namespace commands

using command = std::variant<commands::start, commands::request_stop, commands::kill,
                             commands::emit, commands::all_started, commands::ended>;

}  // namespace bulkhead::core
