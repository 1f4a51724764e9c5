#pragma once

namespace stepper {

/// From now on `new` follows the same path in every child of this process.
void use_child_memory() noexcept;

}  // namespace stepper
