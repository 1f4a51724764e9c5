#pragma once

#include <chrono>
#include <optional>

namespace bulkhead {

/// How one request to a running server is made (call_client.hpp).
struct request_options {
  /// It may run twice: should the server's process die with it, it is sent again, in order, to the
  /// next incarnation. Its bytes are kept until its reply is there.
  /// @limits of those that fit the lane in one piece; without mailboxes in it.
  bool idempotent = false;
  /// Longest time until the reply, > 0; then the request fails with timed_out, and a server that
  /// has not taken it yet passes over it.
  std::optional<std::chrono::nanoseconds> deadline{};
};

}  // namespace bulkhead
