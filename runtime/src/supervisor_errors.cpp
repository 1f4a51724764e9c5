#include "supervisor_errors.hpp"

#include <bulkhead/errc.hpp>
#include <stdexcept>
#include <string>

#include "start_setup.hpp"

namespace bulkhead::detail {

void check(const std::optional<core::refusal>& refused, std::string_view name) {
  if (!refused) return;
  std::string text = refused->text;
  if (!name.empty()) text = "child '" + std::string(name) + "': " + text;
  switch (refused->why) {
    case core::refused::bad_value:
    case core::refused::unsupported:
    case core::refused::not_found:
      throw std::invalid_argument(text);
    default:
      throw error(errc::not_permitted, text);
  }
}

void check_start(const std::optional<exit_status>& failed, std::string_view name) {
  if (failed)
    throw error(errc::start_failed, "child '" + std::string(name) + "': " + failed->report(),
                *failed);
}

void check_process(const child_spec& spec) {
  const std::string whose = "child '" + spec.name + "': process.";
  if (!spec.process.name.empty() || spec.process.shutdown != shutdown_rule{}) {
    throw std::invalid_argument(whose +
                                "name and process.shutdown must be left out: the child's "
                                "own are used");
  }
  try {
    check_options(spec.process);
  } catch (const std::invalid_argument& bad) {
    throw std::invalid_argument(whose + bad.what());
  }
}

namespace {

[[noreturn]] void refuse(const child_spec& spec, const std::string& why) {
  throw std::invalid_argument("child '" + spec.name + "': " + why);
}

}  // namespace

void check_command(const child_spec& spec, const start_recipe& recipe) {
  if (recipe.command.empty()) return;
  if (spec.watchdog && !recipe.inherits) {
    refuse(spec,
           "watchdog must be left out for a command without endpoints, which cannot give a sign of "
           "life");
  }
  if (spec.standby != 0) refuse(spec, "standby must be left out for a command, which cannot wait");
  if (spec.prepare != nullptr) {
    refuse(spec, "prepare must be left out for a command, which has no functions of ours");
  }
}

void check_nested(const child_spec& spec) {
  const std::string why = " must be left out: a supervisor in this process has ";
  if (may_fail_before_entry(spec.process, {}) || !spec.process.name.empty()) {
    refuse(spec, "process" + why + "none of its own; start_supervisor_process gives it one");
  }
  if (spec.watchdog) refuse(spec, "watchdog" + why + "no heart of its own");
  if (spec.standby != 0) refuse(spec, "standby" + why + "no process of its own");
  if (spec.prepare != nullptr) refuse(spec, "prepare" + why + "no process of its own");
}

}  // namespace bulkhead::detail
