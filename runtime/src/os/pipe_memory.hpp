#pragma once

#include "core/pipe_view.hpp"
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
  [[nodiscard]] int fd() const noexcept { return descriptors_.segment.get(); }
  [[nodiscard]] int bell(std::uint32_t end) const noexcept { return descriptors_.bells[end].get(); }

 private:
  pipe_descriptors descriptors_;
  core::pipe_shape shape_;  // read once; what the header says later changes nothing here
  mapping memory_;
  core::pipe_view view_;
};

/// Makes the segment of a pipe, with memory for all of it, and its eventfds.
/// @errors std::system_error.
[[nodiscard]] pipe_descriptors make_pipe_descriptors(const core::pipe_shape& shape);

}  // namespace bulkhead::os
