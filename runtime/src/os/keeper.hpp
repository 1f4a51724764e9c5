#pragma once

#include <optional>
#include <vector>

#include "os/child_context.hpp"
#include "os/unique_fd.hpp"

namespace bulkhead::os {

/// Tells whether this process was started to be a keeper, and takes the mark out of the
/// environment. `bulkhead::init` calls it first.
/// @returns what it inherited (keeper_mark.hpp), the keeper's end of the control socket first;
/// nothing: this is a program like any other.
[[nodiscard]] std::optional<std::vector<unique_fd>> take_keeper_mark();

/// Is the keeper of a tree until its host ends or hangs up; in a forked child runs `run_child`.
/// @limits called with one thread in the process.
[[noreturn]] void run_keeper(std::vector<unique_fd> inherited, child_main run_child);

}  // namespace bulkhead::os
