#pragma once

#include <string>

namespace bulkhead::os {

/// A folder of a cgroup file system in which this process may make groups with one controller.
struct control_group_place {
  int version = 0;     ///< 1 or 2; 0: there is none, and `folder` says why in words.
  std::string folder;  ///< Without a slash at its end.

  explicit operator bool() const noexcept { return version != 0; }
};

/// Finds where groups with `controller`, "memory" or "pids", can be made for children of this
/// process: in version 2 its own group or the one above it, in version 1 its own. Tries it, and
/// leaves nothing.
[[nodiscard]] control_group_place find_control_group_place(const std::string& controller);

}  // namespace bulkhead::os
