#pragma once

#include <bulkhead/detail/prefetch.hpp>
#include <vector>

#include "core/look.hpp"
#include "core/queue_view.hpp"

namespace bulkhead::core {

/// The messages of a lane that its producer does not know to be settled: what `capacity` bounds.
///
/// As long as messages are settled in about the order in which they were sent, the unsettled ones
/// are those from the oldest on to the next place, settled ones in between included; so one look a
/// message at the oldest is enough, and all places ahead are free. Only when a lane counted like
/// that is full, every word is looked at, since one slow lease must not hold up the rest: then the
/// messages are *scattered*, and each has a mark of its own until they lie close together again.
class sent_messages {
 public:
  sent_messages(const queue_view& queue, std::uint32_t seat)
      : first_(reinterpret_cast<std::byte*>(&queue.slot_at(seat, 0))),
        stride_(queue.layout().slot_bytes),
        capacity_(queue.shape().capacity),
        slots_(queue.ring_slots()),
        held_(slots_) {}

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] bool in_order() const noexcept { return in_order_; }
  /// @returns whether it is known where the oldest one stands, which is at `index`.
  [[nodiscard]] bool knows_oldest(std::uint32_t& index) const noexcept {
    index = hand_;
    return in_order_ && count_ != 0 && gathered_ == 0;
  }
  /// `count` messages stand from `index` on, the newest of the lane.
  void add(std::uint32_t index, std::uint32_t count = 1) noexcept;
  /// A takeover found a message at `index`, in whatever order; the next one will stand at `next`.
  void add_found(std::uint32_t index, std::uint32_t next) noexcept;

  /// Finds out which messages are settled, until no more than `enough` are left, and calls
  /// `settled(index)` for each.
  template <class Settled>
  void sweep(std::uint32_t enough, look how, Settled settled) {
    if (in_order_) {
      sweep_in_order(enough, how, settled);
      if (count_ <= enough || how == look::quick) return;
      mark_all(settled);
    }
    sweep_marked(enough, settled);
    gather(enough);
  }
  /// Notes that the message at `index` is settled, if one is known there that is.
  template <class Settled>
  void settle(std::uint32_t index, Settled settled) {
    if (in_order_ || held_[index] == 0 || !is_free(index)) return;
    unmark(index);
    settled(index);
  }
  /// @returns whether a message of the lane waits that nobody has taken, the oldest at `at`.
  bool find_oldest(position& at) const noexcept;

 private:
  static constexpr std::uint32_t fetch_ahead = 8;

  [[nodiscard]] slot& slot_at(std::uint32_t index) const noexcept {
    return *reinterpret_cast<slot*>(first_ + index * stride_);
  }
  [[nodiscard]] slot_word word(std::uint32_t index) const noexcept {
    // Acquire: the taker's reads of the payload are over before its place is used again.
    return slot_at(index).load(std::memory_order_acquire);
  }
  [[nodiscard]] bool is_free(std::uint32_t index) const noexcept {
    return word(index).is(slot_state::free);
  }
  [[nodiscard]] std::uint32_t after(std::uint32_t index, std::uint32_t steps) const noexcept {
    const std::uint32_t sum = index + steps;
    return sum >= slots_ ? sum - slots_ : sum;
  }
  [[nodiscard]] std::uint32_t distance(std::uint32_t from, std::uint32_t to) const noexcept {
    return to >= from ? to - from : to + slots_ - from;
  }
  void unmark(std::uint32_t index) noexcept {
    held_[index] = 0;
    --count_;
  }
  [[nodiscard]] std::uint32_t quick_piece() const noexcept;
  void gather(std::uint32_t enough) noexcept;

  // A quick look goes on only where a good piece of the lane is settled, so that a sender that is
  // faster than its receivers does not fetch each line that they are about to write. The lines of
  // such a piece are ours to write next, so they are fetched for that at once.
  template <class Settled>
  void sweep_in_order(std::uint32_t enough, look how, Settled settled) {
    while (count_ > enough) {
      if (likely_free_ == 0) {
        const std::uint32_t piece = quick_piece();
        if (is_free(after(hand_, piece - 1))) {
          likely_free_ = piece;
        } else if (how == look::quick) {
          return;
        }
      }
      if (likely_free_ > fetch_ahead) {
        detail::fetch_to_write(&slot_at(after(hand_, fetch_ahead)));
      }
      if (!is_free(hand_)) {
        likely_free_ = 0;
        return;
      }
      if (likely_free_ != 0) --likely_free_;
      settled(hand_);
      hand_ = after(hand_, 1);
      --count_;
      if (gathered_ != 0) --gathered_;
    }
  }
  template <class Settled>
  void mark_all(Settled settled) {
    in_order_ = false;
    likely_free_ = 0;
    const std::uint32_t all = count_;
    count_ = 0;
    for (std::uint32_t n = 0; n < all; ++n) {
      const std::uint32_t index = after(hand_, n);
      if (is_free(index)) {
        settled(index);
      } else {
        held_[index] = 1;
        ++count_;
      }
    }
  }
  // In order of age it stops at the first that is not settled, once no more than `enough` are
  // left. Without enough it makes the whole turn: the sender goes to sleep on its word, and nobody
  // wakes it for what is settled.
  template <class Settled>
  void sweep_marked(std::uint32_t enough, Settled settled) {
    for (std::uint32_t n = 0; n < slots_ && count_ != 0; ++n) {
      if (held_[hand_] != 0) {
        if (is_free(hand_)) {
          unmark(hand_);
          settled(hand_);
        } else if (count_ <= enough) {
          return;
        }
      }
      hand_ = after(hand_, 1);
    }
  }

  std::byte* first_;
  std::size_t stride_;
  std::uint32_t capacity_;
  std::uint32_t slots_;
  std::uint32_t count_ = 0;
  std::uint32_t hand_ = 0;         // the oldest in order; else where the next sweep begins
  std::uint32_t next_ = 0;         // after the newest
  std::uint32_t likely_free_ = 0;  // places from the hand on whose last one was seen to be
  std::uint32_t gathered_ = 0;     // places from the hand on where a lap's older one may stand
  bool in_order_ = true;
  std::vector<std::uint8_t> held_;  // the marks, where they are scattered; else all 0
};

}  // namespace bulkhead::core
