#pragma once

#include <bulkhead/child_spec.hpp>
#include <bulkhead/exit_status.hpp>
#include <bulkhead/supervision_types.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "core/supervision/refusal.hpp"

namespace bulkhead::core {

/// What the state machine keeps of a child_spec: how to treat the child, not what it runs.
struct child_rules {
  std::string name;
  child_kind kind = child_kind::worker;
  bulkhead::restart restart = bulkhead::restart::permanent;
  shutdown_rule shutdown;  // Resolved: never by_default.
  backoff_options backoff;
  readiness ready = readiness::on_entry;
  std::chrono::nanoseconds start_timeout{};
  bool significant = false;
  std::optional<restart_budget> budget;
  exit_rule restart_on;
  exit_rule no_restart_on;
};

/// True when a child that came up and ended so by itself is to be started again.
bool is_restarted(const child_rules& rules, const exit_status& status);
/// True for the keeper's death, which is nobody's failure.
bool is_blameless(const exit_status& status);

/// Takes the rules out of a specification that check_child had nothing against.
child_rules rules_of(const child_spec& spec, child_kind kind);

/// Looks for the first field of `spec` that cannot be honoured.
std::optional<refusal> check_child(const child_spec& spec);

/// Looks for the first field of `options` that cannot be honoured.
std::optional<refusal> check_supervisor(const supervisor_options& options);

}  // namespace bulkhead::core
