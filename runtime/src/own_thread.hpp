#pragma once

#include <bulkhead/errc.hpp>
#include <string>

#include "runtime_state.hpp"

namespace bulkhead::detail {

/// Refuses, on the runtime's thread, to wait for what only that thread can bring: it would wait for
/// ever, and everything else of the runtime with it.
/// @errors unsupported, with `doing` and what to do `instead`.
inline void refuse_on_own_thread(runtime_state& rt, const std::string& doing,
                                 const char* instead = "do it on another thread") {
  if (!rt.runs_here()) return;
  throw error(errc::unsupported, doing +
                                     " from a handler that runs on the runtime's thread would "
                                     "wait for itself; " +
                                     instead);
}

}  // namespace bulkhead::detail
