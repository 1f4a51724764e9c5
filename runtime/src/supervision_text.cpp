// Supervision events for people.
#include <bulkhead/supervision_events.hpp>
#include <chrono>

namespace bulkhead {
namespace {

struct words {
  std::string operator()(const events::started&) const { return "started"; }
  std::string operator()(const events::ready&) const { return "ready"; }
  std::string operator()(const events::exited& e) const { return "exited: " + e.status.report(); }
  std::string operator()(const events::restarting& e) const {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(e.delay).count();
    std::string text = "restarting";
    if (ms != 0) text += " in " + std::to_string(ms) + " ms";
    if (e.attempt != 0) text += ", attempt " + std::to_string(e.attempt);
    return text;
  }
  std::string operator()(const events::start_failed& e) const {
    return "start failed: " + e.status.report();
  }
  std::string operator()(const events::restart_failed& e) const {
    return "restart failed: " + e.status.report();
  }
  std::string operator()(const events::hung&) const { return "hung: it gave no sign of life"; }
  std::string operator()(const events::limit_hit& e) const {
    return e.limit == death_cause::cpu_limit ? "hit its CPU limit" : "hit its memory limit";
  }
  std::string operator()(const events::letters_full& e) const {
    return std::to_string(e.messages) + (e.messages == 1 ? " message" : " messages") +
           " cannot become dead letters, which are full: take or redrive some";
  }
  std::string operator()(const events::standby_promoted&) const { return "a standby takes over"; }
  std::string operator()(const events::standby_ended& e) const {
    return "standby (" + std::to_string(e.pid) + ") ended: " + e.status.report();
  }
  std::string operator()(const events::gave_up& e) const {
    return "its supervisor gives up after " + std::to_string(e.history.size()) + " failures";
  }
  std::string operator()(const events::stopped&) const { return "stopped"; }
  std::string operator()(const events::deleted&) const { return "deleted"; }
};

struct levels {
  log_level operator()(const events::exited& e) const {
    const bool planned = e.status.success() || e.status.cause == death_cause::stopped;
    return planned ? log_level::info : log_level::warning;
  }
  log_level operator()(const events::restarting& e) const {
    return e.attempt == 0 ? log_level::info : log_level::warning;
  }
  log_level operator()(const events::start_failed&) const { return log_level::warning; }
  log_level operator()(const events::restart_failed&) const { return log_level::warning; }
  log_level operator()(const events::hung&) const { return log_level::warning; }
  log_level operator()(const events::limit_hit&) const { return log_level::warning; }
  log_level operator()(const events::letters_full&) const { return log_level::error; }
  log_level operator()(const events::standby_ended&) const { return log_level::warning; }
  log_level operator()(const events::gave_up&) const { return log_level::error; }
  template <class Other>
  log_level operator()(const Other&) const {
    return log_level::info;
  }
};

}  // namespace

std::string to_text(const supervision_event& event) {
  std::string text = event.supervisor + "/" + event.child;
  if (event.incarnation != 0) text += " #" + std::to_string(event.incarnation);
  if (event.pid != 0) text += " (" + std::to_string(event.pid) + ")";
  return text + ": " + std::visit(words(), event.what);
}

log_level level_of(const supervision_event& event) { return std::visit(levels(), event.what); }

}  // namespace bulkhead
