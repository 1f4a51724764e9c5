#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string>
#include <vector>

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

/// A folder of its own, which is removed.
class folder {
 public:
  folder();
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder();
  [[nodiscard]] std::string path(const std::string& name) const { return (at_ / name).string(); }
  [[nodiscard]] const std::filesystem::path& root() const { return at_; }
  [[nodiscard]] bool empty() const { return std::filesystem::is_empty(at_); }

 private:
  std::filesystem::path at_;
};

}  // namespace bulkhead_test
