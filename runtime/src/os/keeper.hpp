#pragma once

#include <optional>

#include "os/child_context.hpp"
#include "os/unique_fd.hpp"

namespace bulkhead::os {

/// Tells whether this process was started to be a keeper, and takes the mark out of the
/// environment. `bulkhead::init` calls it first.
/// @returns the keeper's end of the control socket; nothing: this is a program like any other.
[[nodiscard]] std::optional<unique_fd> take_keeper_mark();

/// Is the keeper of a tree until its host ends or hangs up; in a forked child runs `run_child`.
/// @limits called with one thread in the process.
[[noreturn]] void run_keeper(unique_fd control, child_main run_child);

}  // namespace bulkhead::os
