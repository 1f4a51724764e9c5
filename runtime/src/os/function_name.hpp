#pragma once

#include "os/control.hpp"

namespace bulkhead::os {

/// Names the function at `address` so that another process of this program finds it: its
/// module's build id and the offset there. An address is no identity: linkers fold equal functions.
/// @errors bulkhead::error errc::start_failed: it lies in no module, or in a shared library
/// without a build id; the text says what to do.
[[nodiscard]] control::function_name name_function(const void* address);

/// Finds a named function in this process, and loads its module by path if it is not there.
/// @returns nullptr for the empty name.
/// @errors bulkhead::error errc::start_failed with a sentence.
[[nodiscard]] const void* find_function(const control::function_name& name);

}  // namespace bulkhead::os
