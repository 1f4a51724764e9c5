#pragma once

#include <atomic>
#include <cstdint>

#include "os/segment.hpp"

namespace bulkhead::os {

/// The pulse word (core/pulse.hpp) of one watched process: a page that it shares with its keeper,
/// and with nobody else.
class pulse_memory {
 public:
  /// @errors std::system_error.
  [[nodiscard]] static unique_fd make_segment();
  /// Of a segment that `make_segment` made; its descriptor is needed no more after.
  /// @errors bulkhead::error errc::corrupt; std::system_error.
  explicit pulse_memory(int segment);

  [[nodiscard]] std::atomic<std::uint64_t>& word() const noexcept {
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(map_.data());
  }

 private:
  mapping map_;
};

}  // namespace bulkhead::os
