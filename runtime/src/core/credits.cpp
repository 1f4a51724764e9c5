#include "core/credits.hpp"

#include <algorithm>
#include <bit>

#include "core/parked_set.hpp"

namespace bulkhead::core {
namespace {

// Names stand in shared memory: one that no sender writes is nobody's, and the end of the queue.
bool is_sane(const queue_view& queue, credit_name name) noexcept {
  if (name.seat() < queue.seats_used() && name.index() < queue.ring_slots()) return true;
  queue.mark_corrupt();
  return false;
}

// Acquire: who takes the credit of a settled message over publishes after it was settled, for
// whoever looks.
slot_word word_of(const queue_view& queue, credit_name name) noexcept {
  return queue.slot_at(name.seat(), name.index()).load(std::memory_order_acquire);
}

bool is_free(const queue_view& queue, credit_name name) noexcept {
  return name.is_empty() || (is_sane(queue, name) && name.is_past(word_of(queue, name)));
}

credit_name load(const queue_view& queue, std::uint32_t credit) noexcept {
  // Acquire: with another sender's claim comes all that it saw settled.
  return {queue.credit_at(credit).name.load(std::memory_order_acquire)};
}

// Release: who acquires the name sees what we saw settled; acquire: we see what its last user saw.
bool exchange(const queue_view& queue, std::uint32_t credit, credit_name from,
              credit_name to) noexcept {
  return queue.credit_at(credit).name.compare_exchange_strong(
      from.bits, to.bits, std::memory_order_acq_rel, std::memory_order_relaxed);
}

}  // namespace

// Senders begin at different credits, so that they do not meet at each.
credit_purse::credit_purse(const queue_view& queue, std::uint32_t seat) noexcept
    : queue_(&queue), seat_(seat), total_(queue.shape().total) {
  if (total_ != 0) {
    next_ = static_cast<std::uint32_t>(std::uint64_t{seat} * total_ / queue.shape().participants);
  }
}

std::uint32_t credit_purse::step() noexcept {
  const std::uint32_t credit = next_;
  next_ = next_ + 1 == total_ ? 0 : next_ + 1;
  return credit;
}

std::uint32_t credit_purse::claim(position at) noexcept {
  const credit_name mine = credit_name::of(seat_, at);
  for (std::uint32_t looks = 0; looks < total_; ++looks) {
    const std::uint32_t credit = step();
    const credit_name old = load(*queue_, credit);
    // By exchange: a rival may be claiming it. A name that is past stays so, hence what we saw of
    // the old one still holds when the exchange succeeds.
    if (!is_free(*queue_, old) || !exchange(*queue_, credit, old, mine)) continue;
    // For a forward of this message; it comes out with the slot's word.
    queue_->slot_credit_at(seat_, index_of(at)).credit.store(credit, std::memory_order_relaxed);
    return credit;
  }
  return no_credit;
}

void credit_purse::give_up(std::span<const std::uint32_t> credits) noexcept {
  if (credits.empty()) return;
  // A claim that is not published is its sender's alone. Release: what we saw settled goes along.
  for (const std::uint32_t credit : credits) {
    queue_->credit_at(credit).name.store(0, std::memory_order_release);
  }
  queue_->os().light_barrier();  // before the look at who waits
  if (parked_set(*queue_, side::senders).any()) wake_senders(*queue_);
}

bool credit_purse::has(std::size_t count) const noexcept {
  std::uint32_t credit = next_;
  for (std::uint32_t looks = 0; looks < total_ && count != 0; ++looks) {
    if (is_free(*queue_, load(*queue_, credit))) --count;
    credit = credit + 1 == total_ ? 0 : credit + 1;
  }
  return count == 0;
}

std::uint32_t credit_purse::find(std::uint32_t seat, position at) const noexcept {
  const std::uint32_t credit =
      queue_->slot_credit_at(seat, index_of(at)).credit.load(std::memory_order_relaxed);
  if (credit >= total_) return no_credit;
  return load(*queue_, credit) == credit_name::of(seat, at) ? credit : no_credit;
}

void credit_purse::inherit(std::uint32_t credit, position at) noexcept {
  // It comes out with the record's commit.
  queue_->slot_credit_at(seat_, index_of(at)).credit.store(credit, std::memory_order_relaxed);
  // Our lane goes on without a claim, so a free credit is looked at here: what it names may come
  // round again otherwise.
  const std::uint32_t idle = step();
  const credit_name old = load(*queue_, idle);
  if (!old.is_empty() && is_free(*queue_, old)) {
    static_cast<void>(exchange(*queue_, idle, old, {}));
  }
}

// The inputs are pinned, so nobody else changes what names them: not another sender, for which they
// are not past, and not the recovery of their own sender, which drops only what is not published.
// Every result is marked reserved until all have their credits, so a repetition that finds one
// published has nothing left to do for it.
void move_credits(const queue_view& queue, const forward_record& record,
                  const forward_record::output& out) noexcept {
  const std::uint32_t total = queue.shape().total;
  if (total == 0) return;
  const auto inputs = std::min<std::size_t>(record.input_count, forward_inputs_max);
  for (position p = out.first; p != out.end; p = next(p, queue.ring_slots())) {
    const slot_word reserved = slot_word::make_free(lap_of(p), free_tag::reserved);
    // Acquire: as in publish_range, which follows.
    if (queue.slot_at(out.seat, index_of(p)).load(std::memory_order_acquire) != reserved) continue;
    const std::uint32_t credit =
        queue.slot_credit_at(out.seat, index_of(p)).credit.load(std::memory_order_relaxed);
    if (credit >= total) {
      queue.mark_corrupt();
      continue;
    }
    const credit_name now = load(queue, credit);
    for (std::size_t n = 0; n < inputs; ++n) {
      const forward_record::input& in = record.inputs[n];
      if (in.queue != queue.header().id || now != credit_name::of(in.seat, in.position)) continue;
      static_cast<void>(exchange(queue, credit, now, credit_name::of(out.seat, p)));
      break;
    }
  }
}

// Only its sender, which is dead, and its successor, which comes later, publish in a lane. So a
// place of it that is free stays so, and a credit that names it for a lap which has not come is
// nobody's: it was claimed for a send or a forward that never happened, and whoever else looks at
// it finds it taken. Committed forwards are published by now (R1).
void drop_claims_of(const queue_view& queue, std::uint32_t seat) noexcept {
  for (std::uint32_t credit = 0; credit < queue.shape().total; ++credit) {
    const credit_name name = load(queue, credit);
    if (name.is_empty() || name.seat() != seat || !is_sane(queue, name)) continue;
    const slot_word w = word_of(queue, name);
    if (w.is(slot_state::free) && !name.is_past(w)) {
      static_cast<void>(exchange(queue, credit, name, {}));
    }
  }
}

// All: one alone may wait for something else, room in its own lane or for more results, and would
// keep the wake-up from the others.
void wake_senders(const queue_view& queue) noexcept {
  const parked_set senders(queue, side::senders);
  senders.ring_bell();
  const std::uint32_t groups = (queue.shape().participants + 63) / 64;
  for (std::uint32_t group = 0; group < groups; ++group) {
    // In the one order of all announcements and looks, like parked_set's own.
    std::uint64_t seats = queue.header().senders[group].load(std::memory_order_seq_cst);
    for (; seats != 0; seats &= seats - 1) {
      senders.wake_seat(group * 64 + static_cast<std::uint32_t>(std::countr_zero(seats)));
    }
  }
}

}  // namespace bulkhead::core
