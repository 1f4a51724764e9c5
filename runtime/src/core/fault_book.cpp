#include "core/fault_book.hpp"

namespace bulkhead::core {
namespace {

// lap 38 | attempts 10 | low 16 bits of the serial of the death that was counted last. In one death
// a slot is held at most once, so the serial tells a repetition; two deaths of one message that
// share 16 bits would cost it one attempt, in its favour.
struct fault_count {
  std::uint64_t bits;
  [[nodiscard]] std::uint64_t lap() const noexcept { return bits >> 26; }
  [[nodiscard]] std::uint32_t attempts() const noexcept { return (bits >> 16) & 0x3ff; }
  [[nodiscard]] std::uint16_t serial() const noexcept { return static_cast<std::uint16_t>(bits); }
  static fault_count make(std::uint64_t lap, std::uint32_t attempts,
                          std::uint32_t serial) noexcept {
    return {(lap & lap_mask) << 26 | std::uint64_t{attempts & 0x3ff} << 16 | (serial & 0xffff)};
  }
};

}  // namespace

std::uint32_t attempts_of(const fault_record& record, std::uint64_t lap) noexcept {
  const fault_count count{record.count.load(std::memory_order_relaxed)};
  return count.lap() == lap ? count.attempts() : 0;
}

std::uint32_t note_fault(fault_record& record, slot_word held, const casualty& dead) noexcept {
  death_note note = dead.note;
  note.lap = held.lap();
  note.delivery = static_cast<std::uint16_t>(held.deliveries());
  record.notes[held.deliveries() % death_notes_max] = note;

  const fault_count count{record.count.load(std::memory_order_relaxed)};
  const bool same_message = count.lap() == held.lap() && count.attempts() != 0;
  const std::uint32_t attempts = same_message ? count.attempts() : 0;
  if (!dead.own_doing) return attempts;
  if (same_message && count.serial() == static_cast<std::uint16_t>(dead.serial)) return attempts;
  // Release, and before the slot becomes READY: a delivery that is counted is counted before
  // anybody sees the message again.
  record.count.store(fault_count::make(held.lap(), attempts + 1, dead.serial).bits,
                     std::memory_order_release);
  return attempts + 1;
}

}  // namespace bulkhead::core
