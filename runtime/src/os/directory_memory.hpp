#pragma once

#include "core/directory.hpp"
#include "os/segment.hpp"

namespace bulkhead::os {

/// The directory of the tree's processes as everyone but the keeper sees it: read-only.
class directory_memory {
 public:
  /// @errors bulkhead::error errc::corrupt; std::system_error.
  explicit directory_memory(unique_fd segment);

  /// @limits entry < core::directory_entries.
  [[nodiscard]] const core::directory_entry& at(std::uint32_t entry) const noexcept {
    return reinterpret_cast<const core::directory_entry*>(map_.data())[entry];
  }

 private:
  unique_fd segment_;
  mapping map_;
};

}  // namespace bulkhead::os
