#pragma once

#include <string>

namespace bulkhead {

/// How this machine keeps the limits of children for which there is more than one way
/// (docs/processes.md), in words for people.
struct limit_support {
  /// "cgroup v2 in <folder>", v1 likewise; or the address space only, and why no more.
  std::string memory;
  /// The same; or RLIMIT_NPROC or nothing, and why.
  std::string processes;
};

/// Finds out what this machine can do for this process: tries it, and leaves nothing.
/// @threads any.
[[nodiscard]] limit_support supported_limits();

}  // namespace bulkhead
