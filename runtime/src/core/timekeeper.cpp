#include "core/timekeeper.hpp"

#include <algorithm>

#include "core/parked_set.hpp"

namespace bulkhead::core {
namespace {

// A deadline belongs to one delivery of one message: low bits of lap 20 | deliveries 6 | ms 38.
constexpr std::uint64_t ms_mask = (std::uint64_t{1} << 38) - 1;

constexpr std::uint64_t tag_of(slot_word w) noexcept {
  return ((w.lap() & 0xf'ffff) << 6 | w.deliveries()) << 38;
}

// Acquire: a deadline was written before the word that a delayed message waits under.
std::uint64_t deadline_of(const queue_view& queue, std::uint32_t lane, std::uint32_t index,
                          slot_word w, std::uint64_t otherwise) noexcept {
  const std::uint64_t said = queue.deadline(lane, index).at.load(std::memory_order_acquire);
  return (said & ~ms_mask) == tag_of(w) && said != 0 ? said & ms_mask : otherwise;
}

// Whether what a slot's deadline says is of a later delivery than `w`, of this message or of one of
// the next few in that slot: then who asks has lost its lease long ago.
bool is_past(slot_word w, std::uint64_t said) noexcept {
  constexpr std::uint64_t laps_ahead_max = 0x3ff;  // the lap's low bits say no more
  const std::uint64_t ahead = ((said >> 44) - w.lap()) & 0xf'ffff;
  const std::uint64_t delivery = (said >> 38) & 0x3f;
  return said != 0 &&
         (ahead == 0 ? delivery > w.deliveries() : ahead <= laps_ahead_max && delivery != 0);
}

}  // namespace

void set_deadline(const queue_view& queue, std::uint32_t lane, std::uint32_t index, slot_word word,
                  std::uint64_t at_ms) noexcept {
  auto& at = queue.deadline(lane, index).at;
  std::uint64_t said = at.load(std::memory_order_relaxed);
  do {
    if (is_past(word, said)) return;
    // Release: the tag says which word it is for, and who acquires that word later sees this.
  } while (!at.compare_exchange_weak(said, tag_of(word) | std::min(at_ms, ms_mask),
                                     std::memory_order_release, std::memory_order_relaxed));
}

std::uint64_t timekeeper::due_of_lease(const queue_view& queue, std::uint32_t lane,
                                       std::uint32_t index, slot_word leased,
                                       std::uint64_t now_ms) {
  if (seen_.size() <= lane) seen_.resize(lane + 1);
  if (seen_[lane].empty()) seen_[lane].resize(queue.ring_slots());
  sighting& s = seen_[lane][index];
  if (s.word != leased.bits) s = {leased.bits, now_ms};
  const std::uint64_t due = s.since_ms + queue.shape().lease_ms;
  return std::max(deadline_of(queue, lane, index, leased, due), due);
}

// @returns when the slot's message is due; `never`: it is, or it has no time.
std::uint64_t timekeeper::look_at(const queue_view& queue, std::uint32_t lane, std::uint32_t index,
                                  std::uint64_t now_ms) {
  slot& s = queue.slot_at(lane, index);
  // Acquire: a delayed word brings its deadline, which was written before.
  const slot_word w = s.load(std::memory_order_acquire);
  std::uint64_t due = never;
  if (w.is(slot_state::delayed)) {
    due = deadline_of(queue, lane, index, w, 0);
  } else if (w.is(slot_state::leased) && queue.shape().lease_ms != 0) {
    due = due_of_lease(queue, lane, index, w, now_ms);
  }
  if (due == never || due > now_ms) return due;
  const std::uint32_t most = queue.shape().max_deliveries;
  const bool used_up = w.is(slot_state::leased) && most != 0 && w.deliveries() >= most;
  // The taker may settle it at this moment: then it is its.
  if (!s.exchange_if(w, used_up ? w.with(slot_state::poison)
                                : slot_word::make_ready(w.lap(), w.deliveries()))) {
    return never;
  }
  if (used_up) {
    found_used_up_ = true;
  } else {
    ++returned_;
    // Release, and after the word: a consumer that sees the new version finds the message (T1).
    queue.lane(lane).version.fetch_add(1, std::memory_order_release);
  }
  return never;
}

std::uint64_t timekeeper::look(const queue_view& queue, std::uint64_t now_ms) {
  found_used_up_ = false;
  returned_ = 0;
  std::uint64_t next = never;
  queue.each_slot([&](std::uint32_t lane, std::uint32_t index, const slot&) {
    next = std::min(next, look_at(queue, lane, index, now_ms));
  });
  if (returned_ != 0) {
    queue.os().heavy_barrier();
    const parked_set receivers(queue, side::receivers);
    for (; returned_ != 0 && receivers.any(); --returned_) receivers.wake_one();
  }
  // A lease may begin at any time, and nobody says so.
  if (const std::uint64_t lease = queue.shape().lease_ms; lease != 0) {
    next = std::min(next, now_ms + std::max<std::uint64_t>(lease / 4, 1));
  }
  return next;
}

}  // namespace bulkhead::core
