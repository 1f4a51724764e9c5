#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "os/unique_fd.hpp"

namespace bulkhead::os {

/// A listening SOCK_SEQPACKET socket under a name in a directory. Destroyed, it takes the name
/// away, unless that stands for something else by now.
///
/// The name is the claim: who has a listening socket there owns it, and one that refuses
/// connections is what a dead owner left. Between the look and the bind nobody else may do the
/// same, so every publisher holds a lock of the directory (flock, which leaves no file) meanwhile.
class named_socket {
 public:
  /// Claims `name` in `directory`, whose flock the caller holds; never waits.
  /// @limits mode: permission bits. path: for texts.
  /// @errors bulkhead::error errc::other_owner: a living program listens there;
  /// std::system_error: file_exists: there is something that is no socket; what the system says.
  named_socket(unique_fd directory, const std::string& name, const std::string& path, mode_t mode);
  /// What another process needs to be the owner instead.
  struct claim {
    std::string name;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
  };
  /// Takes over what another owner, which is dead, had.
  named_socket(unique_fd directory, unique_fd listener, const claim& had);
  named_socket(named_socket&&) noexcept = default;
  named_socket& operator=(named_socket&&) = delete;
  ~named_socket();

  [[nodiscard]] int fd() const noexcept { return listener_.get(); }
  [[nodiscard]] int directory() const noexcept { return directory_.get(); }
  [[nodiscard]] claim what() const { return {name_, device_, inode_}; }

 private:
  unique_fd directory_;
  unique_fd listener_;
  std::string name_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace bulkhead::os
