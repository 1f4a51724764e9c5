#pragma once

#include <cstdint>
#include <string>

namespace bulkhead::core {

/// Why the supervision state machine did not take a request.
enum class refused : std::uint8_t {
  bad_value,        ///< A field's value is out of its range; `refusal::field` names it.
  unsupported,      ///< A field asks for what is not built yet; `refusal::field` names it.
  already_running,  ///< A child of that name has a process.
  already_present,  ///< A child of that name is stopped: restart or delete it.
  restarting,       ///< It waits for a restart, or is in one.
  not_found,        ///< No such child.
  starting,         ///< The supervisor's own start is not over.
  ending,           ///< The supervisor stops its children, or has ended.
};

struct refusal {
  refused why;
  std::string field;  ///< As in child_spec or supervisor_options; empty where no field is at fault.
  std::string text;   ///< One sentence for people.
};

}  // namespace bulkhead::core
