#include "nested_child.hpp"

#include <csignal>

#include "supervisor_state.hpp"

namespace bulkhead::detail {

std::string describe_giving_up(const std::string& path, const end_reason& reason) {
  return "supervisor '" + path + "', failures: " + std::to_string(reason.history.size()) +
         ", the last of '" + reason.child + "': " + reason.status.report();
}

exit_status status_of(const nested_child& over, const end_reason& reason) {
  exit_status status;
  if (over.killed) {
    status.code = -1;
    status.signal = SIGKILL;
    status.cause = death_cause::stopped;
  } else if (over.asked) {
    status.cause = death_cause::stopped;
  } else if (!over.failure.empty() || reason == end_reason::gave_up) {
    status.code = 1;
    status.cause = death_cause::exception;
    status.text = over.failure;
    if (over.failure.empty()) {
      status.text = error(errc::gave_up, describe_giving_up(over.state->path(), reason)).what();
    }
  } else {
    status.cause = death_cause::exit;
  }
  return status;
}

}  // namespace bulkhead::detail
