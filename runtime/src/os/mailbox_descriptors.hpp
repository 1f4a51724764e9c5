#pragma once

#include <memory>
#include <mutex>

#include "os/far_mailbox.hpp"

namespace bulkhead::os {

/// The descriptors of a mailbox in this process: its segment's, and two bells. Whoever has very
/// many mailboxes parts with them: the segment is mapped, and they are borrowed when they are
/// needed. Any thread.
class mailbox_descriptors {
 public:
  /// @owns `bells` is the view's, which rings by these, and outlives the object.
  mailbox_descriptors(unique_fd segment, core::bell_pair& bells) noexcept
      : segment_(std::move(segment)), bells_(&bells) {}
  mailbox_descriptors(const mailbox_descriptors&) = delete;
  mailbox_descriptors& operator=(const mailbox_descriptors&) = delete;
  ~mailbox_descriptors() { bells_->set_far(nullptr); }

  /// Once, before others have the object.
  void set_bells(unique_fd first, unique_fd second) noexcept;
  /// Closes them all. Once, before others have the object.
  void part_with(std::unique_ptr<far_mailbox> from) noexcept;

  /// @returns -1 where it was parted with.
  [[nodiscard]] int segment() const noexcept { return segment_.get(); }
  /// A descriptor of the segment, for a moment. @errors std::system_error.
  [[nodiscard]] unique_fd borrow_segment();
  /// A bell's descriptor, to wait for it: kept from then on, with the other. @errors
  /// std::system_error.
  [[nodiscard]] int bell(int which);

 private:
  unique_fd segment_;
  core::bell_pair* bells_;
  std::mutex mutex_;  // guards what follows
  unique_fd own_bells_[2];
  std::unique_ptr<far_mailbox> far_;
};

}  // namespace bulkhead::os
