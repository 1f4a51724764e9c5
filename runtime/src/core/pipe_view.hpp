#pragma once

#include "core/pipe_layout.hpp"
#include "core/platform.hpp"

namespace bulkhead::core {

/// A mapped pipe segment: finds its parts. Owns nothing.
class pipe_view {
 public:
  /// The keeper's view has no rings: it never looks at a message.
  pipe_view(std::byte* base, const pipe_shape& shape, const platform& os) noexcept
      : base_(base), shape_(shape), layout_(shape), os_(&os) {}

  [[nodiscard]] const pipe_shape& shape() const noexcept { return shape_; }
  [[nodiscard]] const platform& os() const noexcept { return *os_; }

  [[nodiscard]] pipe_end_record& record(std::uint32_t end) const noexcept {
    return reinterpret_cast<pipe_end_record*>(base_ + pipe_layout::records_offset)[end];
  }
  [[nodiscard]] pipe_positions& positions(std::uint32_t end) const noexcept {
    return *reinterpret_cast<pipe_positions*>(base_ + pipe_layout::positions_offset[end]);
  }
  [[nodiscard]] pipe_alarm_words& alarm(std::uint32_t end) const noexcept {
    return reinterpret_cast<pipe_alarm_words*>(base_ + pipe_layout::alarms_offset)[end];
  }
  [[nodiscard]] std::byte* ring(std::uint32_t direction) const noexcept {
    return base_ + layout_.ring_offset[direction];
  }
  [[nodiscard]] bool is_corrupt() const noexcept {
    return alarm(0).corrupt.load(std::memory_order_relaxed) != 0;
  }

  /// The eventfds of the two ends, where the platform has any.
  bell_pair bells;

 private:
  std::byte* base_;
  pipe_shape shape_;
  pipe_layout layout_;
  const platform* os_;
};

/// Writes the first pages of a pipe into zeroed memory: both ends are open.
void format_pipe(std::byte* base, const pipe_shape& shape) noexcept;

/// Copies the shape out of a header once and checks it.
/// @returns the reason why this is no pipe that this program can use, or nullptr.
const char* read_shape(const std::byte* base, std::uint64_t bytes, pipe_shape& out) noexcept;

}  // namespace bulkhead::core
