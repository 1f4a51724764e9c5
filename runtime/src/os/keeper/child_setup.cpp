#include "os/keeper/child_setup.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "os/channel.hpp"
#include "os/inheritance.hpp"
#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

constexpr int never_started_code = 127;  // what shells say of a command that cannot be executed

void set_environment(const control::process_setup& setup) {
  if (setup.clear) ::clearenv();
  for (const std::string& name : setup.unset) ::unsetenv(name.c_str());
  for (const std::string& text : setup.set) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) continue;
    if (::setenv(text.substr(0, equals).c_str(), text.c_str() + equals + 1, 1) != 0) {
      throw_last_error("setting its environment variable " + text.substr(0, equals));
    }
  }
}

void set_streams(const control::process_setup& setup, std::vector<unique_fd>& descriptors) {
  std::size_t next = 0;
  for (int n = 0; n < 3; ++n) {
    if ((setup.streams & (1u << n)) == 0) continue;
    if (::dup2(descriptors.at(next++).get(), n) < 0) {
      throw_last_error("taking over its standard stream " + std::to_string(n));
    }
  }
  if (setup.directory && ::fchdir(descriptors.at(next).get()) != 0) {
    throw_last_error("entering its working directory");
  }
  descriptors.clear();
}

void set_processors(const std::vector<std::uint32_t>& processors) {
  if (processors.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  std::string names;
  for (const std::uint32_t n : processors) {
    if (n < CPU_SETSIZE) CPU_SET(n, &set);
    names += " " + std::to_string(n);
  }
  if (::sched_setaffinity(0, sizeof set, &set) != 0) {
    throw_last_error("running on the processors" + names + " only");
  }
}

// Downwards always; upwards, above the hard limit, only with the right to.
template <class Resource>
void set_limit(Resource resource, const std::optional<std::uint64_t>& most, const char* name) {
  if (!most) return;
  const rlimit limit{*most, *most};
  if (::setrlimit(resource, &limit) != 0) {
    throw_last_error("limiting its " + std::string(name) + " to " + std::to_string(*most));
  }
}

// The soft limit sends SIGXCPU, which tells the cause; the hard one kills whoever ignores it.
void limit_cpu(const std::optional<std::uint64_t>& seconds) {
  if (!seconds) return;
  const rlimit limit{*seconds, *seconds + 1};
  if (::setrlimit(RLIMIT_CPU, &limit) != 0) throw_last_error("limiting its CPU time");
}

}  // namespace

void apply_setup(const control::process_setup& setup, std::vector<unique_fd>& descriptors) {
  set_environment(setup);
  set_streams(setup, descriptors);
  set_processors(setup.processors);
  if (setup.nice && ::setpriority(PRIO_PROCESS, 0, *setup.nice) != 0) {
    throw_last_error("setting its nice value to " + std::to_string(*setup.nice));
  }
  limit_cpu(setup.cpu_seconds);
  set_limit(RLIMIT_NOFILE, setup.files, "descriptors");
  set_limit(RLIMIT_NPROC, setup.processes, "processes");
  set_limit(RLIMIT_CORE, setup.core_bytes, "core file");
}

void limit_address_space(std::uint64_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_AS, &limit);
  // The hard limit stays, so that the process can still say why it ends.
  limit.rlim_cur = std::min<rlim_t>(bytes, limit.rlim_max);
  if (::setrlimit(RLIMIT_AS, &limit) != 0) throw_last_error("limiting its memory");
}

void execute_command(child_context& context) {
  const control::process_setup& setup = *context.setup;
  if (setup.inherits) leave_to_command(context);
  if (setup.memory_bytes) limit_address_space(*setup.memory_bytes);
  std::vector<char*> arguments;
  for (const std::string& text : setup.command) {
    arguments.push_back(const_cast<char*>(text.c_str()));
  }
  arguments.push_back(nullptr);
  ::execvp(arguments.front(), arguments.data());
  throw_last_error("executing '" + setup.command.front() + "'");
}

void fail_start(child_context& context, const std::string& why) noexcept {
  try {
    channel line(std::move(context.control));
    static_cast<void>(
        line.send(control::kind::last_words, control::last_words{death_cause::start_failure, why}));
  } catch (const std::bad_alloc&) {
    // Then its exit code alone tells.
  }
  ::_exit(never_started_code);
}

}  // namespace bulkhead::os
