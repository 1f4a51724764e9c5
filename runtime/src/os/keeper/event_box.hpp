#pragma once

#include <deque>

#include "os/channel.hpp"

namespace bulkhead::os {

/// What a process has still to hear of its children, in order: that they are up, that they ended.
/// It may not have asked for it yet, or read slowly.
class event_box {
 public:
  static constexpr std::size_t events_max =
      32768;  ///< Ended and running children together: no end is ever dropped.

  /// Begins (again) with a new pair of sockets. @returns the reader's end.
  /// @errors std::system_error.
  [[nodiscard]] unique_fd open();

  void put(control::kind what, control::exited event);
  /// Sends what the socket takes now.
  void flush();

  [[nodiscard]] std::size_t waiting() const noexcept { return events_.size(); }
  /// True while `flush` should be called when the socket takes more.
  [[nodiscard]] bool is_blocked() const noexcept { return line_ && !events_.empty(); }
  [[nodiscard]] int fd() const noexcept { return line_.fd(); }

 private:
  channel line_;
  struct entry {
    control::kind what{};
    control::exited event;
  };
  std::deque<entry> events_;
};

}  // namespace bulkhead::os
