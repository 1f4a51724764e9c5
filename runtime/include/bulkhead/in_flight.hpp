#pragma once

#include <bulkhead/message_id.hpp>
#include <chrono>
#include <cstdint>
#include <string>

namespace bulkhead {

/// A message that a process has taken and not settled.
struct in_flight_message {
  message_id id;
  std::string owner;          ///< Name of the process that holds it.
  std::int32_t pid = 0;       ///< Its process id; 0 when it has ended just now.
  std::uint32_t attempt = 0;  ///< Which delivery it is, from 1.
  /// Since it was taken, to 10 ms. Of a taker that was taking many in a hurry it may be too much by
  /// the time since it began with the last 64: reading a clock for each would take longer than the
  /// taking.
  std::chrono::milliseconds age{0};
};

}  // namespace bulkhead
