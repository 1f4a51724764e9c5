#pragma once

#include <deque>

#include "os/channel.hpp"

namespace bulkhead::os {

/// The ends of its children that a process has still to hear of, in order. It may not have asked
/// for them yet, or read slowly.
class event_box {
 public:
  static constexpr std::size_t events_max =
      32768;  ///< Ended and running children together: no end is ever dropped.

  /// Begins (again) with a new pair of sockets. @returns the reader's end.
  /// @errors std::system_error.
  [[nodiscard]] unique_fd open();

  void put(control::exited event);
  /// Sends what the socket takes now.
  void flush();

  [[nodiscard]] std::size_t waiting() const noexcept { return events_.size(); }
  /// True while `flush` should be called when the socket takes more.
  [[nodiscard]] bool is_blocked() const noexcept { return line_ && !events_.empty(); }
  [[nodiscard]] int fd() const noexcept { return line_.fd(); }

 private:
  channel line_;
  std::deque<control::exited> events_;
};

}  // namespace bulkhead::os
