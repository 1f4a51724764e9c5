#pragma once

#include <array>

#include "core/pipe_view.hpp"
#include "os/mailbox_descriptors.hpp"
#include "os/segment.hpp"
#include "os/wiped_page.hpp"

namespace bulkhead::os {

/// The descriptors of a pipe: its segment, and an eventfd for each end.
struct pipe_descriptors {
  unique_fd segment;
  unique_fd bells[2];
};

/// A pipe's segment in this process: all of it, or in the keeper the part without messages.
class pipe_memory {
 public:
  enum class role : std::uint8_t { participant, keeper };

  /// @errors bulkhead::error errc::corrupt: the segment is no pipe of this library's;
  /// std::system_error: no memory.
  /// @owns `os` outlives the object.
  pipe_memory(pipe_descriptors descriptors, const core::platform& os, role as = role::participant);

  [[nodiscard]] const core::pipe_view& view() const noexcept { return view_; }
  [[nodiscard]] int fd() const noexcept { return kept_.segment(); }
  /// Of its bells each end has one.
  [[nodiscard]] mailbox_descriptors& kept() noexcept { return kept_; }
  /// The segment and the two eventfds.
  [[nodiscard]] std::array<int, 3> descriptors() const noexcept {
    return {fd(), view_.bells[0], view_.bells[1]};
  }

 private:
  core::pipe_shape shape_;  // read once; what the header says later changes nothing here
  mapping memory_;
  core::pipe_view view_;
  mailbox_descriptors kept_;
};

/// Makes the segment of a pipe, with memory for all of it, and its eventfds.
/// @errors std::system_error.
[[nodiscard]] pipe_descriptors make_pipe_descriptors(const core::pipe_shape& shape);

}  // namespace bulkhead::os
