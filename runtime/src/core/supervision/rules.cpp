#include "core/supervision/rules.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace bulkhead::core {

namespace {

using std::chrono::nanoseconds;
using found = std::optional<refusal>;

found bad(std::string field, const char* want) {
  std::string text = field + " must be " + want;
  return refusal{refused::bad_value, std::move(field), std::move(text)};
}

constexpr std::uint32_t standbys_max = 64;

// Written so that a NaN is refused too.
bool between(double value, double least, double most) { return value >= least && value <= most; }

found check_backoff(const backoff_options& backoff) {
  constexpr double factor_max = 1e9;
  if (backoff.initial < nanoseconds{0}) return bad("backoff.initial", "0 or more");
  if (!between(backoff.factor, 1, factor_max)) return bad("backoff.factor", "between 1 and 1e9");
  if (backoff.max < backoff.initial) return bad("backoff.max", "at least backoff.initial");
  if (!between(backoff.jitter, 0, 1)) return bad("backoff.jitter", "between 0 and 1");
  if (backoff.reset_after <= nanoseconds{0}) return bad("backoff.reset_after", "above 0");
  return std::nullopt;
}

found check_shutdown(const shutdown_rule& shutdown) {
  if (shutdown.how() > shutdown_rule::kind::brutal_kill) return bad("shutdown", "a known rule");
  if (shutdown.how() == shutdown_rule::kind::within && shutdown.time() < nanoseconds{0}) {
    return bad("shutdown", "0 or more");
  }
  return std::nullopt;
}

// A temporary child is never replaced.
found check_standby(const child_spec& spec) {
  if (spec.standby > standbys_max) return bad("standby", "at most 64");
  if (spec.standby != 0 && spec.restart == restart::temporary) {
    return bad("standby", "0 for a temporary child");
  }
  return std::nullopt;
}

found check_budget(const std::optional<restart_budget>& budget) {
  if (!budget) return std::nullopt;
  if (!budget->intensity.valid()) {
    return bad("budget.intensity", "between 0 and 2^32 - 1, or unlimited");
  }
  if (budget->period <= nanoseconds{0}) return bad("budget.period", "above 0");
  return std::nullopt;
}

bool contains(const std::vector<int>& all, int number) {
  return std::find(all.begin(), all.end(), number) != all.end();
}

bool matches(const exit_rule& rule, const exit_status& status) {
  return status.signal != 0 ? contains(rule.signals, status.signal)
                            : contains(rule.codes, status.code);
}

found check_exit_rule(const char* field, const exit_rule& rule) {
  for (const int code : rule.codes) {
    if (code < 0 || code > 255) return bad(std::string(field) + ".codes", "between 0 and 255");
  }
  for (const int signal : rule.signals) {
    if (signal < 1 || signal > 64) return bad(std::string(field) + ".signals", "between 1 and 64");
  }
  return std::nullopt;
}

found check_exit_rules(const child_spec& spec) {
  if (auto fault = check_exit_rule("restart_on", spec.restart_on)) return fault;
  if (auto fault = check_exit_rule("no_restart_on", spec.no_restart_on)) return fault;
  const exit_rule& forbids = spec.no_restart_on;
  for (const int code : spec.restart_on.codes) {
    if (contains(forbids.codes, code)) return bad("restart_on.codes", "not in no_restart_on");
  }
  for (const int signal : spec.restart_on.signals) {
    if (contains(forbids.signals, signal)) return bad("restart_on.signals", "not in no_restart_on");
  }
  if (spec.restart == restart::temporary && !spec.restart_on.empty()) {
    return bad("restart_on", "empty for a temporary child");
  }
  return std::nullopt;
}

// An end that the child brought about as it should: return from its function, or exit(0). `stopped`
// with success is a child that was asked to end by someone other than its supervisor, and did so.
bool is_normal(const exit_status& status) {
  return status.success() &&
         (status.cause == death_cause::exit || status.cause == death_cause::stopped);
}

}  // namespace

child_rules rules_of(const child_spec& spec, child_kind kind) {
  return {.name = spec.name,
          .kind = kind,
          .restart = spec.restart,
          .shutdown = spec.shutdown.resolved(kind),
          .backoff = spec.backoff,
          .ready = spec.ready,
          .start_timeout = spec.start_timeout,
          .significant = spec.significant,
          .budget = spec.budget,
          .restart_on = spec.restart_on,
          .no_restart_on = spec.no_restart_on};
}

bool is_blameless(const exit_status& status) { return status.cause == death_cause::parent_gone; }

bool is_restarted(const child_rules& rules, const exit_status& status) {
  if (rules.restart == restart::temporary) return false;
  if (is_blameless(status)) return true;
  if (matches(rules.no_restart_on, status)) return false;
  if (matches(rules.restart_on, status)) return true;
  return rules.restart == restart::permanent || !is_normal(status);
}

std::optional<refusal> check_child(const child_spec& spec) {
  if (spec.name.empty()) return bad("name", "given");
  if (spec.restart > restart::temporary) return bad("restart", "a known restart");
  if (auto fault = check_shutdown(spec.shutdown)) return fault;
  if (auto fault = check_backoff(spec.backoff)) return fault;
  if (spec.ready > readiness::on_call) return bad("ready", "a known readiness");
  if (spec.start_timeout <= nanoseconds{0}) return bad("start_timeout", "above 0");
  if (spec.significant && spec.restart == restart::permanent) {
    return bad("significant", "false for a permanent child");
  }
  if (auto fault = check_budget(spec.budget)) return fault;
  if (auto fault = check_exit_rules(spec)) return fault;
  if (spec.watchdog && *spec.watchdog <= nanoseconds{0}) return bad("watchdog", "above 0");
  return check_standby(spec);
}

std::optional<refusal> check_supervisor(const supervisor_options& options) {
  if (options.strategy > strategy::dynamic) return bad("strategy", "a known strategy");
  if (!options.intensity.valid()) return bad("intensity", "between 0 and 2^32 - 1, or unlimited");
  if (options.period <= nanoseconds{0}) return bad("period", "above 0");
  if (options.auto_shutdown > auto_shutdown::all_significant) {
    return bad("auto_shutdown", "a known auto_shutdown");
  }
  if (options.name.empty()) return bad("name", "given");
  if (options.events_max == 0) return bad("events_max", "above 0");
  return std::nullopt;
}

}  // namespace bulkhead::core
