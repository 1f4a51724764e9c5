#pragma once

#include "core/recovery.hpp"

namespace bulkhead::core {

/// Notes that the casualty held the message of a slot, once however often it is told.
/// @returns the attempts that the message has used up by now.
std::uint32_t note_fault(fault_record& record, slot_word held, const casualty& dead) noexcept;

/// The attempts counted for the message of a slot's lap.
std::uint32_t attempts_of(const fault_record& record, std::uint64_t lap) noexcept;

}  // namespace bulkhead::core
