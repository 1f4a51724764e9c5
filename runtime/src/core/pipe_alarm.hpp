#pragma once

#include "core/pipe_view.hpp"

namespace bulkhead::core {

/// How one side of an end (its receiving or its sending) is woken: a word to sleep on, a bell for
/// those that wait for descriptors, and a bit for each that says whether anybody does.
class pipe_alarm {
 public:
  enum class side : std::uint8_t { receiving, sending };

  pipe_alarm(const pipe_view& pipe, std::uint32_t end, side which) noexcept
      : pipe_(&pipe), end_(end), side_(which) {}

  /// The word that the side's threads sleep on; it changes with every wake-up.
  [[nodiscard]] std::atomic<std::uint32_t>& park_word() const noexcept;

  /// Announces that somebody is about to sleep. The caller does a heavy barrier and looks again
  /// before it does.
  void announce() const noexcept { set(asleep_bit()); }
  /// Takes the announcement back. @returns false when a waker had taken it.
  bool withdraw() const noexcept { return clear(asleep_bit()); }
  /// The same for the bell; what was rung stays rung.
  void announce_bell() const noexcept { set(bell_bit()); }

  /// Wakes whoever announced itself. Never waits.
  void wake() const noexcept;
  /// Wakes all that sleep, announced or not: after a death nobody knows which announcements were
  /// taken.
  void rouse() const noexcept;

 private:
  [[nodiscard]] std::uint32_t asleep_bit() const noexcept;
  [[nodiscard]] std::uint32_t bell_bit() const noexcept;
  void set(std::uint32_t bit) const noexcept;
  bool clear(std::uint32_t bit) const noexcept;
  void ring_word() const noexcept;
  void ring_bell() const noexcept;

  const pipe_view* pipe_;
  std::uint32_t end_;
  side side_;
};

}  // namespace bulkhead::core
