#pragma once

#include <span>

#include "core/platform.hpp"
#include "core/queue_layout.hpp"

namespace bulkhead::core {

/// A mapped queue segment: finds its parts. Owns nothing; a value.
class queue_view {
 public:
  queue_view(std::byte* base, const queue_shape& shape, const platform& os)
      : base_(base), shape_(shape), layout_(shape), os_(&os) {}

  [[nodiscard]] const queue_shape& shape() const noexcept { return shape_; }
  [[nodiscard]] const queue_layout& layout() const noexcept { return layout_; }
  [[nodiscard]] const platform& os() const noexcept { return *os_; }
  [[nodiscard]] std::uint32_t ring_slots() const noexcept { return layout_.ring_slots; }

  [[nodiscard]] queue_header& header() const noexcept {
    return *reinterpret_cast<queue_header*>(base_);
  }
  [[nodiscard]] seat_block& seat(std::uint32_t s) const noexcept {
    return *reinterpret_cast<seat_block*>(base_ + layout_.seats_offset + s * layout_.seat_bytes);
  }
  [[nodiscard]] lane_header& lane(std::uint32_t s) const noexcept {
    return *reinterpret_cast<lane_header*>(base_ + layout_.lanes_offset + s * layout_.lane_bytes);
  }
  [[nodiscard]] slot& slot_at(std::uint32_t s, std::uint32_t index) const noexcept {
    return *reinterpret_cast<slot*>(base_ + layout_.lanes_offset + s * layout_.lane_bytes +
                                    sizeof(lane_header) + index * layout_.slot_bytes);
  }
  [[nodiscard]] slot_times& times(std::uint32_t s, std::uint32_t index) const noexcept {
    return reinterpret_cast<slot_times*>(base_ + layout_.lanes_offset + s * layout_.lane_bytes +
                                         layout_.times_offset)[index];
  }
  [[nodiscard]] slot_deadline& deadline(std::uint32_t s, std::uint32_t index) const noexcept {
    return reinterpret_cast<slot_deadline*>(base_ + layout_.lanes_offset + s * layout_.lane_bytes +
                                            layout_.deadlines_offset)[index];
  }
  /// Only where the queue has a total, and `n` is below it.
  [[nodiscard]] credit& credit_at(std::uint32_t n) const noexcept {
    return reinterpret_cast<credit*>(base_ + layout_.credits_offset)[n];
  }
  [[nodiscard]] slot_credit& slot_credit_at(std::uint32_t s, std::uint32_t index) const noexcept {
    return reinterpret_cast<slot_credit*>(base_ + layout_.lanes_offset + s * layout_.lane_bytes +
                                          layout_.slot_credits_offset)[index];
  }
  /// The keeper's side tables; mapped by the keeper only.
  [[nodiscard]] death_log& deaths() const noexcept {
    return *reinterpret_cast<death_log*>(base_ + layout_.deaths_offset);
  }
  [[nodiscard]] fault_record& fault(std::uint32_t s, std::uint32_t index) const noexcept {
    return reinterpret_cast<fault_record*>(base_ + layout_.faults_offset +
                                           s * layout_.fault_bytes)[index];
  }
  [[nodiscard]] fault_way& way(std::uint32_t s, std::uint32_t index) const noexcept {
    return reinterpret_cast<fault_way*>(base_ + layout_.faults_offset + s * layout_.fault_bytes +
                                        layout_.ways_offset)[index];
  }
  [[nodiscard]] letter_place& letter_of(std::uint32_t s, std::uint32_t index) const noexcept {
    return reinterpret_cast<letter_place*>(base_ + layout_.faults_offset + s * layout_.fault_bytes +
                                           layout_.letters_offset)[index];
  }
  [[nodiscard]] std::uint32_t seats_used() const noexcept {
    // Acquire: a seat that is given out has its pages, which were reserved before.
    const std::uint32_t used = header().seats_used.load(std::memory_order_acquire);
    return used < shape_.participants ? used : shape_.participants;
  }
  /// Somebody wrote what no correct participant writes: nobody goes on.
  void mark_corrupt() const noexcept { header().signs.corrupt.store(1, std::memory_order_release); }
  /// False while nothing was ever published in a lane: many participants only receive.
  [[nodiscard]] bool is_used(std::uint32_t s) const noexcept {
    // Acquire: who sees it sees what the producer's predecessors left.
    return lane(s).used.load(std::memory_order_acquire) != 0;
  }
  /// Calls `visit(lane, index, slot)` for every slot that may have held a message.
  template <class Visit>
  void each_slot(Visit visit) const {
    const std::uint32_t lanes = seats_used();
    for (std::uint32_t l = 0; l < lanes; ++l) {
      if (!is_used(l)) continue;
      for (std::uint32_t index = 0; index < ring_slots(); ++index)
        visit(l, index, slot_at(l, index));
    }
  }

  /// The eventfds of the receivers and the senders, where the platform has any.
  bell_pair bells;

 private:
  std::byte* base_;
  queue_shape shape_;
  queue_layout layout_;
  const platform* os_;
};

/// Writes the header of a queue into zeroed memory. The magic comes last.
void format_queue(std::byte* base, const queue_shape& shape, std::uint64_t id) noexcept;

/// Copies the shape out of a header once and checks it.
/// @returns the reason why this is no queue that this program can use, or nullptr.
const char* read_shape(const std::byte* base, std::size_t bytes, queue_shape& out) noexcept;

}  // namespace bulkhead::core
