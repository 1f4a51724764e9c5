#pragma once

#include <cstdint>
#include <vector>

#include "os/standby_memory.hpp"

namespace bulkhead::os {

/// A process that waits to become the next incarnation of a child, as the keeper knows it until
/// then.
struct spare {
  standby_memory page;
  std::uint64_t resume_key = 0;          ///< Of the child.
  std::vector<std::uint64_t> endpoints;  ///< control::spawn::endpoints, of which it has none yet.
  bool watched_from_start = false;       ///< Its watchdog begins with its promotion.
  bool waits = false;                    ///< It is prepared.
};

}  // namespace bulkhead::os
