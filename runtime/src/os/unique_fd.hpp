#pragma once

#include <utility>

namespace bulkhead::os {

class unique_fd;

/// Returns another descriptor of the same open file, closed on exec.
/// @errors std::system_error: no descriptor is left.
[[nodiscard]] unique_fd duplicate(int fd);

/// Owns a file descriptor.
class unique_fd {
 public:
  unique_fd() noexcept = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  unique_fd(const unique_fd&) = delete;
  unique_fd& operator=(const unique_fd&) = delete;
  ~unique_fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;

  /// As os::duplicate.
  [[nodiscard]] unique_fd duplicate() const { return os::duplicate(fd_); }

 private:
  int fd_ = -1;
};

/// Makes an eventfd: a bell, rung by `core::platform::ring`. @errors std::system_error.
[[nodiscard]] unique_fd make_bell();

}  // namespace bulkhead::os
