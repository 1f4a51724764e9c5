#pragma once

#include <bulkhead/spawn_options.hpp>
#include <chrono>
#include <cstdint>
#include <optional>

namespace bulkhead {

/// How a call is made.
struct call_options {
  spawn_options process{};  ///< Of the process that it runs in.
  /// Longest time for the whole call, > 0; then its process is killed and it fails with timed_out.
  std::optional<std::chrono::nanoseconds> deadline{};
  /// Processes that try it, one after the other, each after a crash of the one before: > 1 only
  /// where the function may run again after it ran in part. An exception is an answer, and ends it.
  /// The keeper's death is no attempt of these.
  std::uint32_t attempts = 1;
};

}  // namespace bulkhead
