#include "core/fault_book.hpp"

#include <algorithm>

namespace bulkhead::core {
namespace {

constexpr std::uint64_t number_mask = 0xffff;
constexpr std::uint64_t looked_back_max = 64;  // deaths whose recovery may be repeated
constexpr std::uint64_t attempts_max = 0x3ff;

// fault_record::count. A slot is held at most once in one death, so the newest death's number tells
// a repetition; two deaths of one message 65536 numbers apart would cost it one attempt, in its
// favour.
struct fault_count {
  std::uint64_t bits;
  [[nodiscard]] std::uint64_t lap() const noexcept { return bits >> 26; }
  [[nodiscard]] std::uint32_t attempts() const noexcept { return (bits >> 16) & attempts_max; }
  [[nodiscard]] std::uint64_t newest() const noexcept { return bits & number_mask; }
  [[nodiscard]] bool is_of(std::uint64_t of_lap) const noexcept {
    return lap() == of_lap && newest() != 0;
  }
  static fault_count make(std::uint64_t lap, std::uint64_t attempts, std::uint64_t death) noexcept {
    return {(lap & lap_mask) << 26 | std::min(attempts, attempts_max) << 16 |
            (death & number_mask)};
  }
};

// The newest number up to `newest` whose low bits are these.
std::uint64_t whole_number(std::uint64_t low, std::uint64_t newest) noexcept {
  return newest - ((newest - low) & number_mask);
}

// Numbers of which nothing is left of the low bits would look like no death.
std::uint64_t number_after(std::uint64_t number) noexcept {
  return ((number + 1) & number_mask) == 0 ? number + 2 : number + 1;
}

// fault_way. The first death of a message leaves it as it is, so what is found may be meant for a
// death of an earlier message in that slot; and since a slot is held at most once in one death, the
// death that it leads from tells.
struct way_back {
  static constexpr std::uint64_t steps_max = 0x3f;
  static constexpr int step_bits = 6;

  std::uint64_t bits;
  [[nodiscard]] bool leads_from(std::uint64_t death) const noexcept {
    return (bits & number_mask) == (death & number_mask);
  }
  [[nodiscard]] std::uint64_t steps() const noexcept { return bits >> 16; }
  static way_back make(std::uint64_t death, std::uint64_t steps) noexcept {
    return {steps << 16 | (death & number_mask)};
  }
  // The way from `death`, when this is what was written after the death before it, `last`. Where
  // it leads from `death` already, a recovery was killed before it wrote the count.
  [[nodiscard]] way_back from(std::uint64_t death, std::uint64_t last) const noexcept {
    if (leads_from(death)) return *this;
    if (death - last > steps_max) return make(death, 0);
    return make(death, (leads_from(last) ? steps() << step_bits : 0) | (death - last));
  }
};

}  // namespace

std::uint64_t enter_death(const queue_view& queue, const casualty& dead) noexcept {
  death_log& log = queue.deaths();
  // The log has one writer at a time, the keeper; acquire and release order only what its successor
  // finds.
  const std::uint64_t newest = log.newest.load(std::memory_order_acquire);
  for (std::uint64_t back = 0; back < looked_back_max && back < newest; ++back) {
    const death_record& known = log.deaths[(newest - back) % deaths_kept];
    if (known.number.load(std::memory_order_acquire) == newest - back &&
        known.serial == dead.serial) {
      return newest - back;
    }
  }
  const std::uint64_t number = number_after(newest);
  death_record& record = log.deaths[number % deaths_kept];
  record.number.store(0, std::memory_order_release);
  record.note = dead.note;
  record.serial = dead.serial;
  record.number.store(number, std::memory_order_release);
  log.newest.store(number, std::memory_order_release);
  return number;
}

std::uint32_t attempts_of(const fault_record& record, std::uint64_t lap) noexcept {
  const fault_count count{record.count.load(std::memory_order_relaxed)};
  return count.is_of(lap) ? count.attempts() : 0;
}

bool lost_taker(const fault_record& record, std::uint64_t lap) noexcept {
  return fault_count{record.count.load(std::memory_order_relaxed)}.is_of(lap);
}

std::uint32_t note_fault(fault_record& record, fault_way& way, slot_word held, std::uint64_t death,
                         bool is_attempt) noexcept {
  const fault_count count{record.count.load(std::memory_order_relaxed)};
  const bool is_known = count.is_of(held.lap());
  if (is_known && count.newest() == (death & number_mask)) return count.attempts();
  if (is_known) {
    const way_back before{way.bits.load(std::memory_order_relaxed)};
    way.bits.store(before.from(death, whole_number(count.newest(), death)).bits,
                   std::memory_order_relaxed);
  }
  const fault_count now = fault_count::make(
      held.lap(), (is_known ? count.attempts() : 0) + (is_attempt ? 1u : 0u), death);
  // Release, after the way, and before the slot becomes READY: a delivery that is counted is
  // counted before anybody sees the message again.
  record.count.store(now.bits, std::memory_order_release);
  return now.attempts();
}

known_ends ends_of(const queue_view& queue, std::uint32_t lane, std::uint32_t index,
                   std::uint64_t lap) noexcept {
  known_ends ends;
  // Acquire: a count brings the way that was written before it.
  const fault_count count{queue.fault(lane, index).count.load(std::memory_order_acquire)};
  if (!count.is_of(lap)) return ends;
  const death_log& log = queue.deaths();
  std::uint64_t number = whole_number(count.newest(), log.newest.load(std::memory_order_acquire));
  const way_back way{queue.way(lane, index).bits.load(std::memory_order_relaxed)};
  std::uint64_t steps = way.leads_from(number) ? way.steps() : 0;
  while (ends.count < death_notes_max) {
    const death_record& death = log.deaths[number % deaths_kept];
    if (death.number.load(std::memory_order_acquire) != number) break;
    ends.notes[ends.count++] = death.note;
    const std::uint64_t step = steps & way_back::steps_max;
    if (step == 0 || step >= number) break;
    number -= step;
    steps >>= way_back::step_bits;
  }
  std::reverse(ends.notes, ends.notes + ends.count);
  return ends;
}

}  // namespace bulkhead::core
