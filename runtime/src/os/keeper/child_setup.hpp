#pragma once

#include "os/child_context.hpp"

namespace bulkhead::os {

/// Makes this new process what its setup says: environment, streams, directory, processors,
/// nice, limits. The memory limit of a function's process is its own affair: it counts from there.
/// @errors std::system_error whose text names what could not be had; the process is then to end.
void apply_setup(const control::process_setup& setup, std::vector<unique_fd>& descriptors);

/// Limits the address space of this process to so much in all.
/// @errors std::system_error.
void limit_address_space(std::uint64_t bytes);

/// Executes the context's command. Returns only where that fails: throws std::system_error.
[[noreturn]] void execute_command(child_context& context);

/// Tells the keeper that this process never came to run, and ends it.
[[noreturn]] void fail_start(child_context& context, const std::string& why) noexcept;

}  // namespace bulkhead::os
