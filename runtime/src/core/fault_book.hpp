#pragma once

#include "core/recovery.hpp"

namespace bulkhead::core {

/// Writes a death down in a queue, once however often it is told.
/// @returns its number in the queue.
std::uint64_t enter_death(const queue_view& queue, const casualty& dead) noexcept;

/// Notes that death number `death`, the newest, ended the lease `held` of a slot's message, once
/// however often it is told. `is_attempt`: the death counts against the message. The way is touched
/// only where the message lost a taker before (`lost_taker`).
/// @returns the attempts that the message has used up by now.
std::uint32_t note_fault(fault_record& record, fault_way& way, slot_word held, std::uint64_t death,
                         bool is_attempt) noexcept;

/// Whether a taker of the message of a slot's lap died before.
[[nodiscard]] bool lost_taker(const fault_record& record, std::uint64_t lap) noexcept;

/// The attempts counted for the message of a slot's lap.
std::uint32_t attempts_of(const fault_record& record, std::uint64_t lap) noexcept;

/// How the takers of the message of a slot's lap ended, the latest last. Of many the newest few;
/// fewer still when the queue met more than deaths_kept deaths meanwhile.
struct known_ends {
  std::size_t count = 0;
  death_note notes[death_notes_max];
};
known_ends ends_of(const queue_view& queue, std::uint32_t lane, std::uint32_t index,
                   std::uint64_t lap) noexcept;

}  // namespace bulkhead::core
