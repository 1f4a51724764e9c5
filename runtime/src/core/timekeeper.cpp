#include "core/timekeeper.hpp"

#include <algorithm>

#include "core/consumer.hpp"
#include "core/parked_set.hpp"

namespace bulkhead::core {
namespace {

// A deadline belongs to one delivery of one message: low bits of lap 20 | deliveries 6 | ms 38.
constexpr std::uint64_t ms_mask = (std::uint64_t{1} << 38) - 1;
// In place of a time: the keeper is about to end this delivery.
constexpr std::uint64_t over = ms_mask;

constexpr std::uint64_t tag_of(slot_word w) noexcept {
  return ((w.lap() & 0xf'ffff) << 6 | w.deliveries()) << 38;
}

std::uint64_t due_of(std::uint64_t said, slot_word w, std::uint64_t otherwise) noexcept {
  return (said & ~ms_mask) == tag_of(w) && said != 0 ? said & ms_mask : otherwise;
}

// Changes a slot's deadline as long as the word stands that it is about. A later delivery's
// deadline is read before its word, which is newer; one written after our look makes the exchange
// fail.
// @returns false: the word is another one, or the delivery is over.
bool change_deadline(const queue_view& queue, std::uint32_t lane, std::uint32_t index,
                     slot_word word, std::uint64_t& said, std::uint64_t to_ms) noexcept {
  // Acquire: as it was when the deadline was read, or newer.
  return said != (tag_of(word) | over) &&
         queue.slot_at(lane, index).load(std::memory_order_acquire) == word &&
         // Release: the tag says which word it is for, and who acquires that word later sees this.
         queue.deadline(lane, index)
             .at.compare_exchange_strong(said, tag_of(word) | to_ms, std::memory_order_acq_rel,
                                         std::memory_order_acquire);
}

// In 2^20 laps the slot has a delivery with the same tag. What stands there now is not what stood
// there before: a late extension may be about to compare with that.
void forget_over(slot_deadline& deadline, slot_word word) noexcept {
  std::uint64_t said = tag_of(word) | over;
  deadline.at.compare_exchange_strong(said, tag_of(word), std::memory_order_relaxed);
}

}  // namespace

bool set_deadline(const queue_view& queue, std::uint32_t lane, std::uint32_t index, slot_word word,
                  std::uint64_t at_ms, deadline_kind kind) noexcept {
  // Acquire: where a later delivery wrote it, its word is seen as well.
  std::uint64_t said = queue.deadline(lane, index).at.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t before = said;
    const std::uint64_t least = kind == deadline_kind::extension ? due_of(said, word, 0) : 0;
    const std::uint64_t to = std::clamp(at_ms, std::min(least, over - 1), over - 1);
    if (change_deadline(queue, lane, index, word, said, to)) return true;
    if (said == before) return false;
  }
}

// When the lease ends by what its taker said and by when it was first seen.
std::uint64_t timekeeper::due_of_lease(const queue_view& queue, std::uint32_t lane,
                                       std::uint32_t index, slot_word leased, std::uint64_t said) {
  if (seen_.size() <= lane) seen_.resize(lane + 1);
  if (seen_[lane].empty()) seen_[lane].resize(queue.ring_slots());
  sighting& s = seen_[lane][index];
  // The clock is read after the word was seen: we may have been stopped for long before that. And
  // it had been running in this millisecond.
  if (s.word != leased.bits) s = {leased.bits, now_ms_() + 1};
  const std::uint64_t due = s.since_ms + queue.shape().lease_ms;
  const std::uint64_t asked = due_of(said, leased, due);
  return asked == over ? 0 : std::max(asked, due);
}

// @returns when the slot's message is due; `never`: it is, or it has no time.
std::uint64_t timekeeper::look_at(const queue_view& queue, std::uint32_t lane,
                                  std::uint32_t index) {
  slot& s = queue.slot_at(lane, index);
  // Acquire: a delayed word brings its deadline, which was written before.
  const slot_word w = s.load(std::memory_order_acquire);
  const bool is_lease = w.is(slot_state::leased) && queue.shape().lease_ms != 0;
  if (!is_lease && !w.is(slot_state::delayed)) return never;
  std::uint64_t said = queue.deadline(lane, index).at.load(std::memory_order_acquire);
  const std::uint64_t due =
      is_lease ? due_of_lease(queue, lane, index, w, said) : due_of(said, w, 0);
  if (due > began_ms_) return due;
  // From here on no extension is granted. One that was granted before is looked at again at once.
  if (is_lease && due != 0 && !change_deadline(queue, lane, index, w, said, over)) return began_ms_;
  const std::uint32_t most = queue.shape().max_deliveries;
  const bool used_up = is_lease && most != 0 && w.deliveries() >= most;
  // The taker may settle it at this moment: then it is its.
  const bool ended = s.exchange_if(
      w, used_up ? w.with(slot_state::poison) : slot_word::make_ready(w.lap(), w.deliveries()));
  if (is_lease) forget_over(queue.deadline(lane, index), w);
  if (!ended) return never;
  if (used_up) {
    found_used_up_ = true;
  } else {
    ++returned_;
    // Release, and after the word: a consumer that sees the new version finds the message (T1).
    queue.lane(lane).version.fetch_add(1, std::memory_order_release);
  }
  return never;
}

std::uint64_t timekeeper::look(const queue_view& queue) {
  began_ms_ = now_ms_();
  found_used_up_ = false;
  returned_ = 0;
  std::uint64_t next = never;
  queue.each_slot([&](std::uint32_t lane, std::uint32_t index, const slot&) {
    next = std::min(next, look_at(queue, lane, index));
  });
  if (returned_ != 0) {
    queue.os().heavy_barrier();
    const parked_set receivers(queue, side::receivers);
    for (; returned_ != 0 && receivers.any(); --returned_) receivers.wake_one();
  }
  if (found_used_up_) wake_if_over(queue);
  // A lease may begin at any time, and nobody says so.
  if (const std::uint64_t lease = queue.shape().lease_ms; lease != 0) {
    next = std::min(next, began_ms_ + std::max<std::uint64_t>(lease / 4, 1));
  }
  return next;
}

}  // namespace bulkhead::core
