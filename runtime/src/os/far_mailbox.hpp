#pragma once

#include <vector>

#include "core/platform.hpp"
#include "os/unique_fd.hpp"

namespace bulkhead::os {

/// Where a process gets the descriptors of a mailbox that it does not keep open, and has its bells
/// rung without them.
class far_mailbox : public core::far_bells {
 public:
  virtual ~far_mailbox() = default;
  /// @returns the segment and two eventfds. @errors std::system_error.
  [[nodiscard]] virtual std::vector<unique_fd> borrow() = 0;
};

}  // namespace bulkhead::os
