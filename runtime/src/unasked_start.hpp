#pragma once

#include <sys/types.h>
#include <bulkhead/child_spec.hpp>
#include <bulkhead/exit_status.hpp>
#include <cstdint>
#include <optional>
#include <vector>

namespace bulkhead::detail {

/// Which ends a child is started again after, as control::follow says them: what its keeper may be
/// told before.
struct foreseen_ends {
  explicit foreseen_ends(const child_spec& spec);

  std::vector<std::uint64_t> codes;
  std::uint64_t signals = 0;
};

/// A process that was started before its supervisor wanted it: as a spare, or by the keeper in the
/// place of one that had ended.
struct unasked_start {
  /// What it ended the wait for, where it is not to follow: the end that its supervisor has not
  /// been told of yet.
  struct end_before {
    std::uint64_t incarnation = 0;
    exit_status status;
  };

  std::uint32_t serial = 0;
  pid_t pid = 0;
  bool is_spare = false;
  std::uint64_t incarnation = 0;  ///< Not 0: it is the child's.
  bool is_dismissed = false;
  bool is_late = false;
  std::optional<end_before> instead_of;
};

}  // namespace bulkhead::detail
