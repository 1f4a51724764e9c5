#pragma once

#include <span>
#include <string_view>

#include "core/queue_view.hpp"

namespace bulkhead::core {

/// A participant whose death is proven: its parent has reaped it.
struct casualty {
  std::uint32_t serial =
      0;  ///< Names this death; a repeated recovery of it counts no attempt twice.
  death_note note{};
  bool own_doing = false;  ///< Its deliveries count as attempts (design.md G2).
};

/// A message that recovery takes out of delivery.
struct poisoned {
  std::uint32_t lane = 0;
  std::uint32_t index = 0;
  slot_word word;
  std::uint32_t attempts = 0;
  std::string_view note{};  ///< Why it was rejected, if it was.
};

/// Where messages go that used up their deliveries, and where it is noted how they came to it.
class graveyard {
 public:
  /// Makes sure that a range of the segment, of the keeper's side tables, has memory before it is
  /// written. Not asked for what lies in the pages of a range before.
  /// @errors may throw: the recovery stops and may be repeated.
  virtual void make_room(std::size_t offset, std::size_t bytes) {
    static_cast<void>(offset);
    static_cast<void>(bytes);
  }
  /// Writes a dead letter and does not come back to a message that it buried before.
  /// @returns false when there is no room: the message stays put, out of delivery.
  virtual bool bury(const queue_view& queue, const poisoned& message) = 0;

 protected:
  ~graveyard() = default;
};

/// A queue in which the casualty had a seat.
struct attendance {
  const queue_view* queue = nullptr;
  std::uint32_t seat = 0;
  graveyard* graves = nullptr;
};

/// Finds the queues that forward records name.
class queue_finder {
 public:
  virtual const queue_view* find(std::uint64_t id) = 0;

 protected:
  ~queue_finder() = default;
};

/// What a recovery did.
struct recovery_report {
  std::uint64_t redelivered = 0;  ///< Leases given back for another delivery.
  std::uint64_t buried = 0;       ///< Messages moved to the dead letters.
  std::uint64_t stuck = 0;        ///< Poison messages that found the dead letters full.
  std::uint64_t finished = 0;     ///< Committed forwards that were finished.
};

/// R1 to R6 of docs/queue-protocol.md: settles everything that the casualty had in hand, in all its
/// queues. Every step may be repeated, so a recovery that was itself killed at any instruction is
/// run again from the start. One runner at a time.
/// @errors what graveyard::make_room throws; then not all is done.
recovery_report recover(std::span<const attendance> queues, const casualty& dead,
                        queue_finder& finder);

/// For a keeper that follows another: that one may have died between the word that gives a message
/// back and the version that says so (timekeeper). Has everybody look at everything again.
void take_over_queue(const queue_view& queue) noexcept;

/// R3 alone, for messages that found the dead letters full earlier.
recovery_report bury_again(const attendance& where) noexcept;

}  // namespace bulkhead::core
