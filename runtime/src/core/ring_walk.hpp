#pragma once

#include "core/queue_view.hpp"

namespace bulkhead::core {

/// A place in a lane with the address of its slot, so that the way from message to message is an
/// addition.
class ring_walk {
 public:
  ring_walk() = default;
  ring_walk(const queue_view& queue, std::uint32_t lane, position at) noexcept
      : first_(reinterpret_cast<std::byte*>(&queue.slot_at(lane, 0))),
        stride_(queue.layout().slot_bytes),
        ring_slots_(queue.ring_slots()) {
    go_to(at);
  }

  [[nodiscard]] position at() const noexcept { return at_; }
  [[nodiscard]] slot& here() const noexcept { return *reinterpret_cast<slot*>(here_); }
  void go_to(position p) noexcept {
    at_ = p;
    here_ = first_ + index_of(p) * stride_;
  }
  void step() noexcept {
    if (index_of(at_) + 1 == ring_slots_) [[unlikely]] {
      at_ = make_position(lap_of(at_) + 1, 0);
      here_ = first_;
    } else {
      ++at_;
      here_ += stride_;
    }
  }
  /// `count` steps, to the ring's end at most.
  void skip(std::uint32_t count) noexcept {
    if (index_of(at_) + count == ring_slots_) [[unlikely]] {
      at_ = make_position(lap_of(at_) + 1, 0);
      here_ = first_;
    } else {
      at_ += count;
      here_ += count * stride_;
    }
  }
  /// The slot `count` steps on, which is before the ring's end.
  [[nodiscard]] slot& ahead(std::uint32_t count) const noexcept {
    return *reinterpret_cast<slot*>(here_ + count * stride_);
  }

 private:
  std::byte* first_ = nullptr;
  std::byte* here_ = nullptr;
  std::size_t stride_ = 0;
  position at_ = 0;
  std::uint32_t ring_slots_ = 0;
};

}  // namespace bulkhead::core
