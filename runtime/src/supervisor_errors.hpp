#pragma once

#include <bulkhead/child_spec.hpp>
#include <bulkhead/detail/entry.hpp>
#include <bulkhead/exit_status.hpp>
#include <optional>
#include <string_view>

#include "core/supervision/refusal.hpp"

// What a supervisor's calls throw.
namespace bulkhead::detail {

/// Throws what stands for a refusal, if there is one, with the child's name where it is given.
/// @errors std::invalid_argument for bad values and unknown children; else not_permitted.
void check(const std::optional<core::refusal>& refused, std::string_view name);

/// Throws start_failed where a start came to nothing.
void check_start(const std::optional<exit_status>& failed, std::string_view name);

/// Looks at the process options of a specification. @errors std::invalid_argument.
void check_process(const child_spec& spec);

/// Refuses what no command can do, where it is one: a watchdog for what can give no sign of life,
/// spares. @errors std::invalid_argument.
void check_command(const child_spec& spec, const start_recipe& recipe);

/// Refuses what only processes have, for a supervisor in this process. @errors
/// std::invalid_argument.
void check_nested(const child_spec& spec);

}  // namespace bulkhead::detail
