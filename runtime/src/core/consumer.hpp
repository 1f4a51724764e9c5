#pragma once

#include <vector>

#include "core/queue_view.hpp"

namespace bulkhead::core {

/// A taken message: whose lane, where in it, and its slot's word as the taker wrote it.
struct lease {
  std::uint32_t lane = 0;
  core::position position = 0;
  slot_word word;

  [[nodiscard]] std::uint32_t deliveries() const noexcept { return word.deliveries(); }
};

/// The private half of the receiving side: a cursor a lane (docs/queue-protocol.md, take).
/// Not thread-safe: the process holds its receive lock around `take`.
class consumer {
 public:
  consumer(const queue_view& queue, std::uint32_t seat, std::uint32_t epoch) noexcept
      : queue_(&queue), seat_(seat), epoch_(epoch) {}

  /// Takes the next message of some lane, fairly among them. @returns false when nothing waits.
  bool take(lease& out);

  [[nodiscard]] std::uint32_t seat() const noexcept { return seat_; }

 private:
  // No message waits before `at` but such as came back after `version`.
  struct cursor {
    core::position at = 0;
    std::uint64_t version = 0;
    bool placed = false;
  };
  // What a look at a cursor's slot says.
  enum class sight : std::uint8_t { ready, behind, unpublished };

  bool take_from(std::uint32_t lane, lease& out);
  sight look(std::uint32_t lane, cursor& c, slot_word& w) const noexcept;
  void advance(std::uint32_t lane, cursor& c, slot_word seen) const noexcept;
  core::position first_ready(std::uint32_t lane, core::position limit) const noexcept;

  const queue_view* queue_;
  std::uint32_t seat_;
  std::uint32_t epoch_;
  std::vector<cursor> cursors_;
  std::uint32_t turn_ = 0;    // the lane that is served
  std::uint32_t served_ = 0;  // messages in a row that it gave
};

/// The slot that a lease is about.
inline slot& slot_of(const queue_view& queue, const lease& l) noexcept {
  return queue.slot_at(l.lane, index_of(l.position));
}

/// Settles a message for good and gives its place back to the sender.
void acknowledge(const queue_view& queue, const lease& l) noexcept;
/// Gives a message back for another delivery.
void release(const queue_view& queue, const lease& l) noexcept;
/// Takes a message whose deliveries are used up out of delivery, until the keeper buries it.
void set_aside(const queue_view& queue, const lease& l) noexcept;
/// After slots of a lane became free: wakes its producer, and all receivers where a closed queue
/// may now be drained.
void after_freeing(const queue_view& queue, std::uint32_t lane) noexcept;

}  // namespace bulkhead::core
