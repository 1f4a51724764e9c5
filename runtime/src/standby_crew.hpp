#pragma once

#include <sys/types.h>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/supervision/rules.hpp"
#include "core/supervision/standby_pool.hpp"

namespace bulkhead::detail {

/// A process that was started as a spare.
struct standby_member {
  /// What it ended the wait for, where it is not to follow: the end that its supervisor has not
  /// been told of yet.
  struct end_before {
    std::uint64_t incarnation = 0;
    exit_status status;
  };

  std::uint32_t serial = 0;
  pid_t pid = 0;
  std::uint64_t incarnation = 0;  ///< Not 0: it is the child's, and no spare any more.
  bool is_dismissed = false;
  bool is_late = false;
  std::optional<end_before> instead_of;
};

/// The spares of one child.
struct standby_crew {
  explicit standby_crew(const child_spec& spec);

  core::standby_pool pool;
  std::map<std::uint32_t, std::shared_ptr<standby_member>> members;  ///< By serial.
  std::shared_ptr<standby_member> successor;  ///< Promoted by the keeper for the next start.
  std::uint64_t followed = 0;  ///< The incarnation whose end the keeper was told to follow up.
  // Which ends that may be, as control::follow says them.
  std::vector<std::uint64_t> codes;
  std::uint64_t signals = 0;
};

}  // namespace bulkhead::detail
