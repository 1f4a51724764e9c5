#include "core/parked_set.hpp"

#include <bit>

namespace bulkhead::core {
namespace {

constexpr std::uint64_t bit_of(std::uint32_t n) { return std::uint64_t{1} << (n % 64); }

}  // namespace

std::atomic<std::uint64_t>& parked_set::summary() const noexcept {
  queue_header& header = queue_->header();
  return side_ == side::receivers ? header.signs.parked_receivers : header.signs.parked_senders;
}

std::atomic<std::uint64_t>* parked_set::words() const noexcept {
  queue_header& header = queue_->header();
  return side_ == side::receivers ? header.receivers : header.senders;
}

std::atomic<std::uint32_t>& parked_set::bell_wanted() const noexcept {
  queue_header& header = queue_->header();
  return side_ == side::receivers ? header.signs.receiver_bell : header.signs.sender_bell;
}

void parked_set::announce_bell() const noexcept {
  bell_wanted().store(1, std::memory_order_seq_cst);
}

void parked_set::ring_bell() const noexcept {
  if (bell_wanted().load(std::memory_order_seq_cst) == 0) return;
  if (bell_wanted().exchange(0, std::memory_order_seq_cst) == 0) return;
  queue_->bells.ring(side_ == side::receivers ? 0 : 1, queue_->os());
}

std::atomic<std::uint32_t>& parked_set::park_word(std::uint32_t seat) const noexcept {
  seat_block& block = queue_->seat(seat);
  return side_ == side::receivers ? block.receive_park : block.send_park;
}

void parked_set::announce(std::uint32_t seat) const noexcept {
  words()[seat / 64].fetch_or(bit_of(seat), std::memory_order_seq_cst);
  summary().fetch_or(bit_of(seat / 64), std::memory_order_seq_cst);
}

// Clears a seat's bit and, with the last of a word, the word's bit in the summary. Between the two
// a rival may announce itself, and a sender may read a summary without it and not wake it: whoever
// finds that puts the bit back and wakes in the sender's place.
bool parked_set::clear(std::uint32_t seat) const noexcept {
  auto& word = words()[seat / 64];
  const std::uint64_t bit = bit_of(seat);
  const std::uint64_t old = word.fetch_and(~bit, std::memory_order_seq_cst);
  if ((old & bit) == 0) return false;
  if (old == bit) {
    summary().fetch_and(~bit_of(seat / 64), std::memory_order_seq_cst);
    std::uint64_t rivals = word.load(std::memory_order_seq_cst);
    if (rivals != 0) summary().fetch_or(bit_of(seat / 64), std::memory_order_seq_cst);
    // All of them: which ones a waker passed by cannot be told.
    for (; rivals != 0; rivals &= rivals - 1) {
      ring(seat / 64 * 64 + static_cast<std::uint32_t>(std::countr_zero(rivals)));
    }
  }
  return true;
}

bool parked_set::withdraw(std::uint32_t seat) const noexcept { return clear(seat); }

void parked_set::ring(std::uint32_t seat) const noexcept {
  if (seat >= queue_->shape().participants) return queue_->mark_corrupt();
  auto& word = park_word(seat);
  // Release: who reads the new count before it looks again sees what we wake it for.
  word.fetch_add(1, std::memory_order_release);
  queue_->os().wake(word);
}

// Which sleeper is woken matters little, since whoever is awake takes; the lowest is found with two
// instructions. A rival waker may take the one we saw: then another is looked for, as both have a
// message to announce.
void parked_set::wake_one() const noexcept {
  ring_bell();
  std::uint64_t left = summary().load(std::memory_order_seq_cst);
  while (left != 0) {
    const auto group = static_cast<std::uint32_t>(std::countr_zero(left));
    const std::uint64_t seats = words()[group].load(std::memory_order_seq_cst);
    if (seats == 0) {
      left &= left - 1;
      continue;
    }
    const auto seat = group * 64 + static_cast<std::uint32_t>(std::countr_zero(seats));
    if (clear(seat)) return ring(seat);
  }
}

// Each of those that are announced now, once: who is woken for nothing announces itself anew.
void parked_set::wake_announced() const noexcept {
  ring_bell();
  std::uint64_t groups = summary().load(std::memory_order_seq_cst);
  for (; groups != 0; groups &= groups - 1) {
    const auto group = static_cast<std::uint32_t>(std::countr_zero(groups));
    std::uint64_t seats = words()[group].load(std::memory_order_seq_cst);
    for (; seats != 0; seats &= seats - 1) {
      const auto seat = group * 64 + static_cast<std::uint32_t>(std::countr_zero(seats));
      if (clear(seat)) ring(seat);
    }
  }
}

void parked_set::pass_over(std::uint32_t seat) const noexcept {
  if (!clear(seat)) wake_one();
}

void parked_set::rouse(std::uint32_t seat) const noexcept {
  clear(seat);
  ring(seat);
}

void parked_set::wake_seat(std::uint32_t seat) const noexcept {
  ring_bell();
  if (clear(seat)) ring(seat);
}

void parked_set::wake_all() const noexcept {
  // Rung in any case: a dead waker may have taken the announcement.
  bell_wanted().store(1, std::memory_order_seq_cst);
  ring_bell();
  const std::uint32_t seats = queue_->seats_used();
  for (std::uint32_t seat = 0; seat < seats; ++seat) rouse(seat);
}

}  // namespace bulkhead::core
