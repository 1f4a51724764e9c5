#include "os/mailbox_descriptors.hpp"

namespace bulkhead::os {

void mailbox_descriptors::set_bells(unique_fd first, unique_fd second) noexcept {
  own_bells_[0] = std::move(first);
  own_bells_[1] = std::move(second);
  for (int n = 0; n < 2; ++n) bells_->set(n, own_bells_[n].get());
}

void mailbox_descriptors::part_with(std::unique_ptr<far_mailbox> from) noexcept {
  far_ = std::move(from);
  bells_->set_far(far_.get());
  for (int n = 0; n < 2; ++n) bells_->set(n, -1);
  for (unique_fd* fd : {&segment_, &own_bells_[0], &own_bells_[1]}) fd->reset();
}

unique_fd mailbox_descriptors::borrow_segment() {
  if (segment_) return segment_.duplicate();
  return std::move(far_->borrow().front());
}

int mailbox_descriptors::bell(int which) {
  const std::lock_guard lock(mutex_);
  if (!own_bells_[which] && far_ != nullptr) {
    std::vector<unique_fd> got = far_->borrow();
    set_bells(std::move(got.at(1)), std::move(got.at(2)));
  }
  return own_bells_[which].get();
}

}  // namespace bulkhead::os
