#include "start_setup.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>
#include <bulkhead/errc.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace bulkhead::detail {
namespace {

constexpr int nice_min = -20;
constexpr int nice_max = 19;

[[noreturn]] void refuse(const char* field, const std::string& why) {
  throw std::invalid_argument(std::string(field) + " must be " + why);
}

void check_environment(const spawn_options& options) {
  for (const auto& [name, value] : options.environment) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      refuse("environment", "names without '=' or zero bytes, not '" + name + "'");
    }
    if (value && value->find('\0') != std::string::npos) {
      refuse("environment", "values without zero bytes; '" + name + "' has one");
    }
  }
}

void check_stream(const bulkhead::stream& s, const char* field, bool is_input) {
  if (s.how() == bulkhead::stream::kind::file && s.path().empty())
    refuse(field, "a file with a path");
  if (s.how() != bulkhead::stream::kind::lines) return;
  if (is_input) refuse(field, "inherit, null or a file: input has no lines to capture");
  if (!s.handler()) refuse(field, "given a handler for its lines");
}

void check_limits(const resource_limits& limits) {
  // Beyond it no process has addresses, and what is added to a limit on the way would wrap.
  constexpr std::uint64_t memory_max = std::uint64_t{1} << 62;
  if (limits.memory && (*limits.memory == 0 || *limits.memory > memory_max)) {
    refuse("limits.memory", "above 0 and at most 2^62");
  }
  if (limits.cpu_time && *limits.cpu_time <= std::chrono::nanoseconds{0}) {
    refuse("limits.cpu_time", "above 0");
  }
  if (limits.files && *limits.files < 4) refuse("limits.files", "4 or more");
  if (limits.processes && *limits.processes == 0) refuse("limits.processes", "above 0");
}

[[noreturn]] void fail_to_start(const std::string& what) {
  exit_status why;
  why.code = -1;
  why.cause = death_cause::start_failure;
  why.text = what + ": " + std::strerror(errno);
  throw error(errc::start_failed, why.text, why);
}

os::unique_fd open_or_throw(const std::string& path, int flags, const std::string& what) {
  os::unique_fd file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!file) fail_to_start(what + " '" + path + "'");
  return file;
}

class setup_maker {
 public:
  setup_maker(start_setup& to, const std::string& name, boost::asio::io_context& loop,
              const boost::asio::any_io_executor& user)
      : to_(&to), name_(&name), loop_(&loop), user_(&user) {}

  void add(const bulkhead::stream& s, int number) {
    if (s.how() == bulkhead::stream::kind::inherit) return;
    to_->wire->streams = static_cast<std::uint8_t>(to_->wire->streams | (1u << number));
    to_->descriptors.push_back(open(s, number));
  }

 private:
  os::unique_fd open(const bulkhead::stream& s, int number) {
    const std::string what =
        "opening standard stream " + std::to_string(number) + " of '" + *name_ + "'";
    const int flags = number == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND;
    if (s.how() == bulkhead::stream::kind::null) return open_or_throw("/dev/null", flags, what);
    if (s.how() == bulkhead::stream::kind::file) return open_or_throw(s.path(), flags, what);
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) fail_to_start(what);
    os::unique_fd reading(ends[0]);
    os::unique_fd writing(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    to_->readers.push_back(std::make_shared<line_reader>(
        *loop_, *user_, std::move(reading), line_reader::source{*name_, number, s.handler()}));
    return writing;
  }

  start_setup* to_;
  const std::string* name_;
  boost::asio::io_context* loop_;
  const boost::asio::any_io_executor* user_;
};

void set_environment(os::control::process_setup& wire, const spawn_options& options) {
  wire.clear = options.clear_environment;
  for (const auto& [name, value] : options.environment) {
    if (value) {
      wire.set.push_back(name + "=" + *value);
    } else {
      wire.unset.push_back(name);
    }
  }
}

void set_limits(os::control::process_setup& wire, const resource_limits& limits) {
  wire.memory_bytes = limits.memory;
  if (limits.cpu_time) {
    wire.cpu_seconds = static_cast<std::uint64_t>(
        std::chrono::ceil<std::chrono::seconds>(*limits.cpu_time).count());
  }
  wire.files = limits.files;
  wire.processes = limits.processes;
  wire.core_bytes = limits.core;
}

bool changes_anything(const spawn_options& o) {
  const auto inherits = [](const bulkhead::stream& s) {
    return s.how() == bulkhead::stream::kind::inherit;
  };
  const resource_limits& l = o.limits;
  return !o.environment.empty() || o.clear_environment || !o.directory.empty() ||
         !inherits(o.streams.in) || !inherits(o.streams.out) || !inherits(o.streams.err) ||
         !o.affinity.empty() || o.nice || l.memory || l.cpu_time || l.files || l.processes ||
         l.core;
}

}  // namespace

void check_options(const spawn_options& options) {
  check_environment(options);
  if (options.directory.find('\0') != std::string::npos) refuse("directory", "without zero bytes");
  check_stream(options.streams.in, "streams.in", true);
  check_stream(options.streams.out, "streams.out", false);
  check_stream(options.streams.err, "streams.err", false);
  for (const unsigned n : options.affinity) {
    if (n >= CPU_SETSIZE) refuse("affinity", "processors below " + std::to_string(CPU_SETSIZE));
  }
  if (options.nice && (*options.nice < nice_min || *options.nice > nice_max)) {
    refuse("nice", "between -20 and 19");
  }
  check_limits(options.limits);
  if (options.shutdown.how() == shutdown_rule::kind::within &&
      options.shutdown.time().count() < 0) {
    refuse("shutdown", "0 or more");
  }
}

bool may_fail_before_entry(const spawn_options& options, const start_recipe& recipe) {
  return !recipe.command.empty() || changes_anything(options);
}

start_setup make_setup(const spawn_options& options, const start_recipe& recipe,
                       const std::string& name, bool announce, boost::asio::io_context& loop,
                       const boost::asio::any_io_executor& user) {
  check_options(options);
  start_setup made;
  if (!announce && !may_fail_before_entry(options, recipe)) return made;
  os::control::process_setup& wire = made.wire.emplace();
  wire.announce = announce;
  wire.command = recipe.command;
  wire.inherits = recipe.inherits;
  wire.processors.assign(options.affinity.begin(), options.affinity.end());
  wire.nice = options.nice;
  set_environment(wire, options);
  set_limits(wire, options.limits);
  setup_maker streams(made, name, loop, user);
  streams.add(options.streams.in, 0);
  streams.add(options.streams.out, 1);
  streams.add(options.streams.err, 2);
  if (!options.directory.empty()) {
    wire.directory = true;
    made.descriptors.push_back(open_or_throw(options.directory, O_PATH | O_DIRECTORY,
                                             "opening the directory of '" + name + "'"));
  }
  return made;
}

}  // namespace bulkhead::detail
