#include <bulkhead/limits.hpp>

#include <unistd.h>

#include "os/keeper/control_group_place.hpp"

namespace bulkhead {
namespace {

std::string in_words(const os::control_group_place& place) {
  return "cgroup v" + std::to_string(place.version) + " in " + place.folder;
}

}  // namespace

// The keeper, which makes the groups, is in the groups that its host began in.
limit_support supported_limits() {
  limit_support found;
  const os::control_group_place memory = os::find_control_group_place("memory");
  found.memory = memory ? in_words(memory) : "the address space only (RLIMIT_AS): " + memory.folder;
  const os::control_group_place processes = os::find_control_group_place("pids");
  if (processes) {
    found.processes = in_words(processes);
  } else if (::geteuid() == 0) {
    found.processes = "nothing, for root is not held to RLIMIT_NPROC: " + processes.folder;
  } else {
    found.processes = "RLIMIT_NPROC, which counts all of the user's: " + processes.folder;
  }
  return found;
}

}  // namespace bulkhead
