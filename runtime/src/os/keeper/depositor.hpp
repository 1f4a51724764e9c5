#pragma once

#include <deque>
#include <span>

#include "os/channel.hpp"

namespace bulkhead::os {

/// The keeper's way to the host's vault: hands over what the next keeper needs, and says what is
/// needed no more. Never waits: what a host that is stopped or busy does not take is sent later.
class depositor {
 public:
  /// @returns the host's end. @errors std::system_error.
  [[nodiscard]] unique_fd open();

  /// @errors std::system_error: no descriptors to wait with.
  void put(std::uint32_t kind, std::uint64_t id, std::span<const int> descriptors);
  void withdraw(std::uint32_t kind, std::uint64_t id);
  /// Sends what the line takes now.
  void flush();

  /// True while `flush` should be called when the line takes more, or time has passed.
  [[nodiscard]] bool is_blocked() const noexcept { return line_ && !waiting_.empty(); }

 private:
  struct item {
    control::deposited what;
    std::vector<unique_fd> descriptors;
  };
  [[nodiscard]] bool send(const control::deposited& what, std::span<const int> descriptors);

  channel line_;
  std::deque<item> waiting_;
};

}  // namespace bulkhead::os
