#include <bulkhead/exit_status.hpp>

#include <csignal>
#include <cstring>

namespace bulkhead {
namespace {

std::string signal_text(int number) {
  const char* name = sigabbrev_np(number);
  return "signal " + std::to_string(number) +
         (name != nullptr ? " (SIG" + std::string(name) + ")" : "");
}

// Signals that a process brings on itself. That somebody may send them by hand cannot be told
// apart, and is rare.
bool own_signal(int number) {
  switch (number) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGABRT:
    case SIGTRAP:
    case SIGSYS:
    case SIGPIPE:
    case SIGXCPU:
    case SIGXFSZ:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string exit_status::report() const {
  std::string out;
  switch (cause) {
    case death_cause::none:
      return "running";
    case death_cause::start_failure:
      out = "never started";
      break;
    case death_cause::parent_gone:
      out = "ended with its keeper";
      break;
    case death_cause::memory_limit:
      out = "over its memory limit, ";
      break;
    case death_cause::cpu_limit:
      out = "over its CPU limit, ";
      break;
    case death_cause::watchdog:
      out = "no heartbeat in time, ";
      break;
    case death_cause::stopped:
      out = "stopped on request, ";
      break;
    case death_cause::exception:
      out = "uncaught exception, ";
      break;
    default:
      break;
  }
  if (cause != death_cause::start_failure && cause != death_cause::parent_gone) {
    out += signal != 0 ? signal_text(signal) : "exit code " + std::to_string(code);
    if (core) out += ", core dumped";
  }
  if (!text.empty()) out += ": " + text;
  return out;
}

bool exit_status::own_doing() const noexcept {
  switch (cause) {
    case death_cause::exception:
    case death_cause::memory_limit:
    case death_cause::cpu_limit:
    case death_cause::watchdog:
      return true;
    case death_cause::exit:
      return code != 0;
    case death_cause::signal:
      return own_signal(signal);
    default:
      return false;
  }
}

}  // namespace bulkhead
