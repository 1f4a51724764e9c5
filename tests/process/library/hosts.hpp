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

/// True while the process runs.
bool exists(pid_t pid);

}  // namespace bulkhead_test
