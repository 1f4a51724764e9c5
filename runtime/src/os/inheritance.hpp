#pragma once

#include <optional>

#include "os/child_context.hpp"

namespace bulkhead::os {

/// Leaves the context to the program that this process executes next: in a segment whose number is
/// in the environment, with the descriptors open over the exec (docs/control-protocol.md).
/// @errors std::system_error.
void leave_to_command(child_context& context);

/// Takes what the process was before the exec, once.
/// @returns nothing: no command with endpoints of ours started this program.
/// @errors bulkhead::error errc::unsupported: by another version of this library; errc::corrupt.
[[nodiscard]] std::optional<child_context> take_inheritance();

}  // namespace bulkhead::os
