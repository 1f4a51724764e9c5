#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/keeper/control_group_place.hpp"

namespace bulkhead::os {

/// A child's groups: one folder, or in version 1 one for each of its limits.
struct control_group {
  struct folder {
    std::string path;
    int version = 0;
    bool limits_memory = false;
  };
  std::vector<folder> folders;
};

/// The keeper's groups, one for each child that has a limit which groups can keep. Finds out at the
/// first what this machine can do.
class control_groups {
 public:
  /// @limits tree: unique among those of this machine; it begins the names of the folders.
  explicit control_groups(std::string tree) : tree_(std::move(tree)) {}

  [[nodiscard]] const control_group_place& memory();
  [[nodiscard]] const control_group_place& processes();

  /// Makes what can be made for a child. @errors std::system_error: it could be a moment ago.
  [[nodiscard]] control_group make(std::uint32_t serial,
                                   const std::optional<std::uint64_t>& memory_bytes,
                                   const std::optional<std::uint64_t>& processes_max);
  /// Moves the calling process there: the child. @errors std::system_error.
  static void enter(const control_group& group);
  /// Whether the kernel ended a process of the group for want of memory.
  [[nodiscard]] static bool ran_out_of_memory(const control_group& group);
  /// Kills who is left in the group and takes it away; where that takes time, `look_again` does.
  void remove(const control_group& group);
  /// @returns false: some are there yet.
  bool look_again();
  [[nodiscard]] bool is_waiting() const noexcept { return !leaving_.empty(); }
  /// Takes away all that an earlier keeper of this tree has left, and the empty ones of trees whose
  /// host is gone.
  void sweep();

 private:
  [[nodiscard]] bool try_remove(const std::string& path) const;
  void sweep(const control_group_place& place);

  std::string tree_;
  std::optional<control_group_place> memory_;
  std::optional<control_group_place> processes_;
  std::vector<std::string> leaving_;
};

/// The name of a tree of that host's.
[[nodiscard]] std::string control_group_prefix(std::int32_t host, std::uint64_t tree);

}  // namespace bulkhead::os
