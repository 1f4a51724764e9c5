#pragma once

#include <cstdint>
#include <string>

// The memory limit of a function's process: RLIMIT_AS, and a new_handler that records that it was
// reached, since the kernel tells nobody.
namespace bulkhead::detail {

/// From now on this process may have so many bytes of address space more.
/// @errors std::system_error.
void limit_memory(std::uint64_t bytes);
/// Removes the limit, so that the process can say why it ends.
void lift_memory_limit() noexcept;
/// True when `new` found no memory under the limit.
[[nodiscard]] bool memory_limit_was_hit() noexcept;
/// What to say of a std::bad_alloc that ends the process.
[[nodiscard]] std::string out_of_memory_text();

}  // namespace bulkhead::detail
