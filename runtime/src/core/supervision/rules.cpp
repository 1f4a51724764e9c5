#include "core/supervision/rules.hpp"

#include <utility>

namespace bulkhead::core {

namespace {

using std::chrono::nanoseconds;
using found = std::optional<refusal>;

found bad(std::string field, const char* want) {
  std::string text = field + " must be " + want;
  return refusal{refused::bad_value, std::move(field), std::move(text)};
}

found later(std::string field) {
  std::string text = field + " is not supported yet";
  return refusal{refused::unsupported, std::move(field), std::move(text)};
}

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

found check_what_comes_later(const child_spec& spec) {
  if (spec.significant) return later("significant");
  if (spec.budget) return later("budget");
  if (spec.watchdog) return later("watchdog");
  if (spec.standby != 0) return later("standby");
  if (!spec.restart_on.empty()) return later("restart_on");
  if (!spec.no_restart_on.empty()) return later("no_restart_on");
  return std::nullopt;
}

}  // namespace

child_rules rules_of(const child_spec& spec, child_kind kind) {
  return {.name = spec.name,
          .kind = kind,
          .restart = spec.restart,
          .shutdown = spec.shutdown.resolved(kind),
          .backoff = spec.backoff,
          .ready = spec.ready,
          .start_timeout = spec.start_timeout};
}

std::optional<refusal> check_child(const child_spec& spec) {
  if (spec.name.empty()) return bad("name", "given");
  if (spec.restart > restart::temporary) return bad("restart", "a known restart");
  if (auto fault = check_shutdown(spec.shutdown)) return fault;
  if (auto fault = check_backoff(spec.backoff)) return fault;
  if (spec.ready > readiness::on_call) return bad("ready", "a known readiness");
  if (spec.start_timeout <= nanoseconds{0}) return bad("start_timeout", "above 0");
  if (spec.watchdog && *spec.watchdog <= nanoseconds{0}) return bad("watchdog", "above 0");
  return check_what_comes_later(spec);
}

std::optional<refusal> check_supervisor(const supervisor_options& options) {
  if (options.strategy > strategy::dynamic) return bad("strategy", "a known strategy");
  if (!options.intensity.valid()) return bad("intensity", "between 0 and 2^32 - 1, or unlimited");
  if (options.period <= nanoseconds{0}) return bad("period", "above 0");
  if (options.auto_shutdown > auto_shutdown::all_significant) {
    return bad("auto_shutdown", "a known auto_shutdown");
  }
  if (options.name.empty()) return bad("name", "given");
  if (options.strategy != strategy::one_for_one) return later("strategy");
  if (options.auto_shutdown != auto_shutdown::never) return later("auto_shutdown");
  return std::nullopt;
}

}  // namespace bulkhead::core
