#pragma once

#include <vector>

#include "core/ring_walk.hpp"

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
  bool take(lease& out) {
    if (served_ < in_a_row_max && turn_ < cursors_.size() && take_next(cursors_[turn_], out))
        [[likely]] {
      ++served_;
      return true;
    }
    return take_slowly(out);
  }

  /// Lends the port what comes next in the lane that is served: it takes there by itself. Every
  /// other call here needs `take_back` first.
  void lend(detail::queue_in_port& port, std::uint32_t now_ms) noexcept;
  /// Goes on where the port has come to.
  void take_back(detail::queue_in_port& port) noexcept;

  [[nodiscard]] std::uint32_t seat() const noexcept { return seat_; }
  /// Serves `lane` next.
  void turn_to(std::uint32_t lane) noexcept {
    turn_ = lane;
    served_ = 0;
  }

 private:
  // A lane's neighbouring slots share cache lines, so it pays to stay with a lane.
  static constexpr std::uint32_t in_a_row_max = 64;

  static constexpr std::uint32_t laps_in_a_row_max = 32;
  static constexpr std::size_t fetched_ahead = 4;  // messages

  // No message waits before `walk` but such as came back after `version`.
  struct cursor {
    ring_walk walk;
    lane_header* lane = nullptr;  // nullptr: not placed yet
    std::uint64_t version = 0;
  };
  // What a look at a cursor's slot says.
  enum class sight : std::uint8_t { ready, behind, unpublished };

  // T1 to T3 where nothing came back and the cursor's own message waits.
  bool take_next(cursor& c, lease& out) noexcept {
    if (c.lane == nullptr) return false;
    // Acquire: a version that we see brings the READY word that was stored before it.
    if (c.lane->version.load(std::memory_order_acquire) != c.version) return false;
    slot& s = c.walk.here();
    // Acquire: a READY word brings the payload that was written before it (S3).
    const slot_word w = s.load(std::memory_order_acquire);
    if (!w.is(slot_state::ready) || w.lap() != lap_of(c.walk.at())) return false;
    const slot_word mine = w.taken_by(seat_, epoch_);
    if (!s.exchange_if(w, mine)) return false;
    out = {turn_, c.walk.at(), mine};
    c.walk.step();
    return true;
  }
  bool take_slowly(lease& out);
  void join_takers() noexcept;
  bool take_from(std::uint32_t lane, lease& out);
  sight look(const cursor& c, slot_word& w) const noexcept;
  void place(std::uint32_t lane, cursor& c) const noexcept;
  bool skip_settled(std::uint32_t lane, cursor& c) const noexcept;
  void advance(std::uint32_t lane, cursor& c, slot_word seen) const noexcept;
  core::position first_ready(std::uint32_t lane, core::position limit) const noexcept;

  const queue_view* queue_;
  std::uint32_t seat_;
  std::uint32_t epoch_;
  std::uint32_t turn_ = 0;    // the lane that is served
  std::uint32_t served_ = 0;  // messages in a row that it gave
  std::uint32_t run_ms_ = 0;  // when the port was lent some
  std::vector<cursor> cursors_;
};

/// The slot that a lease is about.
inline slot& slot_of(const queue_view& queue, const lease& l) noexcept {
  return queue.slot_at(l.lane, index_of(l.position));
}

// Each of these @returns false when the lease is over: the message is another's by now, and nothing
// was done.

/// Settles a message for good and gives its place back to the sender.
bool acknowledge(const queue_view& queue, const lease& l) noexcept;
/// Gives a message back for another delivery.
bool release(const queue_view& queue, const lease& l) noexcept;
/// Gives it back for a delivery at `at_ms` or later; the keeper is told next (timekeeper).
bool delay(const queue_view& queue, const lease& l, std::uint64_t at_ms) noexcept;
/// Takes a message whose deliveries are used up out of delivery, until the keeper buries it.
bool set_aside(const queue_view& queue, const lease& l) noexcept;
/// The seat's owner takes no more: it has ended, or left the queue.
void note_no_taker(const queue_view& queue, std::uint32_t seat) noexcept;
/// A message was taken out of delivery: receivers of a closed queue may wait for nothing but that.
void wake_if_over(const queue_view& queue) noexcept;
/// The lease lasts until `at_ms`, where it has an end.
bool extend(const queue_view& queue, const lease& l, std::uint64_t at_ms) noexcept;
/// True while the message is the holder's.
[[nodiscard]] bool is_held(const queue_view& queue, const lease& l) noexcept;
/// After a slot became free: wakes its lane's producer, all receivers where a closed queue may now
/// be drained, and who waits until everything is settled.
void after_freeing(const queue_view& queue, std::uint32_t lane, position at) noexcept;

}  // namespace bulkhead::core
