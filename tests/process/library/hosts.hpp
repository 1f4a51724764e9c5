#pragma once

#include <sys/types.h>
#include <string>

namespace bulkhead_test {

/// `<program> --host <scenario>`: this program as a host of its own.
bool is_host(int argc, char** argv);
int run_host(const std::string& scenario);

/// A host in a process of its own, whose output is read.
class host {
 public:
  explicit host(const std::string& scenario);
  host(const host&) = delete;
  host& operator=(const host&) = delete;
  ~host();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The next line of its standard output.
  std::string line();
  /// What it wrote to standard error. @limits call it after it ended.
  std::string errors();
  /// Kills it and waits.
  void kill();
  /// @returns the status as waitpid gives it.
  int wait();

 private:
  pid_t pid_ = 0;
  int out_ = -1;
  int err_ = -1;
};

/// A host that starts and ends runtimes with children that wait, crash and are started again, and
/// leave daemons behind if wanted, until it is killed.
int run_restless(bool daemons);

/// The keeper of a `host`; 0 where it has none now.
pid_t keeper_of(pid_t host);

/// True while the process runs.
bool exists(pid_t pid);

}  // namespace bulkhead_test
