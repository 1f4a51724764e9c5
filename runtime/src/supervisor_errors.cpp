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

void check_watchdog(const child_spec& spec, const start_recipe& recipe) {
  if (!spec.watchdog || recipe.command.empty() || recipe.inherits) return;
  throw std::invalid_argument("child '" + spec.name +
                              "': watchdog must be left out for a command without endpoints, which "
                              "cannot give a sign of life");
}

}  // namespace bulkhead::detail
