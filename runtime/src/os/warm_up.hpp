#pragma once

namespace bulkhead::os {

/// Has the kernel give a forked process now what it would give at first touch: copies of the pages
/// of its stack, its heap and its modules' variables, and its modules' code in its page tables. For
/// one that waits and is to run at once when it may. A failure costs time later, and nothing else.
/// @limits at most some 2 MiB of copies.
void warm_up() noexcept;
/// The same without the code.
void warm_up_memory() noexcept;

}  // namespace bulkhead::os
