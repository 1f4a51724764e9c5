#pragma once

#include "core/platform.hpp"

namespace bulkhead::os {

/// Registers this process for the heavy barriers of others (membarrier, global expedited) and
/// returns what the protocol needs of the operating system. Where the kernel refuses the
/// registration, `fences` is set: this process then fences for itself.
/// @limits once in every process: an exec drops the registration, and a forked copy asks again.
[[nodiscard]] core::platform make_platform() noexcept;

}  // namespace bulkhead::os
