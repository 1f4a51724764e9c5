#pragma once

#include <sys/types.h>
#include <string>
#include <vector>

#include "support/folder.hpp"

namespace bulkhead_test {

/// The other program, attach_peer, which has nothing in common with this one but paths.
class peer {
 public:
  /// `user`: it runs as that user, unless this is 0.
  explicit peer(std::vector<std::string> arguments, uid_t user = 0);
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The next line that it prints, for at most 20 s.
  std::string line();
  void kill();
  /// @returns the status as waitpid gives it.
  int wait();

 private:
  pid_t pid_ = 0;
  int out_ = -1;
};

}  // namespace bulkhead_test
