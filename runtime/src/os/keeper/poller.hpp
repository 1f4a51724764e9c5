#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "os/unique_fd.hpp"

namespace bulkhead::os {

/// Waits for many descriptors at once; each is named by what it is and whose.
class poller {
 public:
  enum class what : std::uint32_t {
    children,
    host,
    control,
    events,
    attached,     // an attached program's pidfd
    publication,  // a published socket; the number is its own
    handshake,    // a connection that has not said yet what it wants; the number is its own
  };
  struct wake {
    what kind{};
    std::uint32_t serial = 0;
  };

  /// @errors std::system_error.
  poller();

  /// @errors std::system_error: no memory.
  void add_reader(int fd, wake name);
  void add_writer(int fd, wake name);
  void remove(int fd) noexcept;

  /// Waits until something is ready. @limits timeout_ms -1: for ever.
  [[nodiscard]] std::span<const wake> wait(int timeout_ms);

 private:
  void add(int fd, std::uint32_t events, wake name);

  unique_fd epoll_;
  std::array<wake, 64> ready_{};
};

}  // namespace bulkhead::os
