#pragma once

#include <atomic>
#include <cstdint>

#include "core/queue_view.hpp"

namespace bulkhead::core {

/// Which side of a queue somebody waits on.
enum class side : std::uint8_t { receivers, senders };

/// The set of seats that sleep on one side of a queue: a summary word that wakers read, over a bit
/// a seat.
class parked_set {
 public:
  parked_set(const queue_view& queue, side which) noexcept : queue_(&queue), side_(which) {}

  /// True when somebody may sleep: one load, of a line that is written only when somebody parks.
  [[nodiscard]] bool any() const noexcept {
    return summary().load(std::memory_order_relaxed) != 0 ||
           bell_wanted().load(std::memory_order_relaxed) != 0;
  }

  /// The word that the seat's threads sleep on; it changes with every wake-up.
  [[nodiscard]] std::atomic<std::uint32_t>& park_word(std::uint32_t seat) const noexcept;

  /// Announces that `seat` is about to sleep. The caller does a heavy barrier and looks again
  /// before it does.
  void announce(std::uint32_t seat) const noexcept;
  /// Takes the announcement back. @returns false when a waker had taken it: that wake-up is the
  /// caller's to use or to pass on.
  bool withdraw(std::uint32_t seat) const noexcept;

  /// Announces that somebody waits for the side's eventfd; as `announce`.
  void announce_bell() const noexcept;
  /// Rings the eventfd if somebody waits for it. All that watch it look, whichever announced it.
  void ring_bell() const noexcept;

  /// Wakes one seat, if any sleeps, and rings the bell. Never waits.
  void wake_one() const noexcept;
  /// The seat's owner was stopped: nobody is to choose it. A wake-up that it may have been given
  /// before goes to another.
  void pass_over(std::uint32_t seat) const noexcept;
  /// Wakes the seat whether it is announced or not; it looks, and announces itself anew.
  void rouse(std::uint32_t seat) const noexcept;
  /// Wakes `seat` if it sleeps.
  void wake_seat(std::uint32_t seat) const noexcept;
  /// Wakes all that are announced, and rings the bell. Costs a look where nobody is.
  void wake_announced() const noexcept;
  /// Wakes all that sleep, announced or not: after a death nobody knows which announcements were
  /// taken.
  void wake_all() const noexcept;

 private:
  [[nodiscard]] std::atomic<std::uint64_t>& summary() const noexcept;
  [[nodiscard]] std::atomic<std::uint64_t>* words() const noexcept;
  [[nodiscard]] std::atomic<std::uint32_t>& bell_wanted() const noexcept;
  bool clear(std::uint32_t seat) const noexcept;
  void ring(std::uint32_t seat) const noexcept;

  const queue_view* queue_;
  side side_;
};

}  // namespace bulkhead::core
