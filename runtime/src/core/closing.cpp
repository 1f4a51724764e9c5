#include "core/closing.hpp"

#include "core/parked_set.hpp"
#include "core/ring_walk.hpp"
#include "core/settled_mark.hpp"

namespace bulkhead::core {
namespace {

bool any_forwarding(const queue_view& queue) noexcept {
  const std::uint32_t lanes = queue.seats_used();
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    // Acquire: a bit that is off (F9) brings the results that were published before it (F7).
    if (queue.lane(lane).forwarding.load(std::memory_order_acquire) != 0) return true;
  }
  return false;
}

void count(slot_word w, std::uint32_t seat, census& all) noexcept {
  switch (w.state()) {
    case slot_state::ready:
      ++all.waiting;
      break;
    case slot_state::leased:
    case slot_state::pinned:
    case slot_state::burying:
    case slot_state::delayed:
      ++all.held;
      if (w.held_by(seat)) ++all.held_by_seat;
      break;
    default:
      break;
  }
}

// What may be left in a lane of a closed queue lies between what is settled and the first place
// where nothing was published: a sender publishes in order, and of the places that it stepped over
// before that it has said so before (`passed`). At most one turn of the ring.
// @returns false when it found a message that waits and was to look no further.
bool count_left_in(const queue_view& queue, std::uint32_t lane, std::uint32_t seat,
                   bool all_of_them, census& all) noexcept {
  position begin = 0;
  const bool has_end = find_settled(queue, lane, begin);
  ring_walk walk(queue, lane, has_end ? begin : position{0});
  for (std::uint32_t n = 0; n < queue.ring_slots(); ++n, walk.step()) {
    // Acquire: as in `count_messages`.
    const slot_word w = walk.here().load(std::memory_order_acquire);
    count(w, seat, all);
    if (all.waiting != 0 && !all_of_them) return false;
    // Acquire: a place that was stepped over was so before what is behind it came out.
    if (has_end && w.is(slot_state::free) && w.lap() == lap_of(walk.at()) &&
        !before(walk.at(), queue.lane(lane).passed.load(std::memory_order_acquire))) {
      break;
    }
  }
  return true;
}

}  // namespace

// Between CLOSING and CLOSED every sender and forwarder either sees CLOSING, or has published (or
// announced its forward) before the barrier, so that a receiver that sees CLOSED sees that too.
void close(const queue_view& queue) noexcept {
  auto& closed = queue.header().signs.closed;
  auto open = closed_state::open;
  closed.compare_exchange_strong(open, closed_state::closing, std::memory_order_seq_cst);
  queue.os().heavy_barrier();
  closed.store(closed_state::closed, std::memory_order_seq_cst);
  parked_set(queue, side::receivers).wake_all();
  parked_set(queue, side::senders).wake_all();
}

census count_messages(const queue_view& queue, std::uint32_t seat) noexcept {
  census all;
  queue.each_slot([&](std::uint32_t, std::uint32_t, const slot& s) {
    // Acquire: what a settled message led to (F7 before F8) is there at the second count.
    count(s.load(std::memory_order_acquire), seat, all);
  });
  return all;
}

census count_left(const queue_view& queue, std::uint32_t seat, bool all_of_them) noexcept {
  census all;
  const std::uint32_t lanes = queue.seats_used();
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    if (queue.is_used(lane) && !count_left_in(queue, lane, seat, all_of_them, all)) break;
  }
  return all;
}

bool any_unsettled(const queue_view& queue, std::uint32_t lane, std::uint32_t index) noexcept {
  const std::uint32_t lanes = queue.seats_used();
  const std::uint32_t slots = queue.ring_slots();
  for (std::uint32_t n = 0; n <= lanes; ++n) {
    const std::uint32_t l = (lane + n) % (lanes == 0 ? 1 : lanes);
    if (!queue.is_used(l)) continue;
    for (std::uint32_t i = n == 0 ? index : 0; i < slots; ++i) {
      // Acquire: what was done before a message was settled is done.
      if (!queue.slot_at(l, i).load(std::memory_order_acquire).is(slot_state::free)) return true;
    }
  }
  return false;
}

namespace {

// Adds up the laps of all slots, as long as all are free. @returns false: one is not.
bool add_laps(const queue_view& queue, std::uint64_t& laps) noexcept {
  const std::uint32_t lanes = queue.seats_used();
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    if (!queue.is_used(lane)) continue;
    for (std::uint32_t i = 0; i < queue.ring_slots(); ++i) {
      // Acquire: what was done before a message was settled is done, and what was sent before that
      // is there at the second look.
      const slot_word w = queue.slot_at(lane, i).load(std::memory_order_acquire);
      if (!w.is(slot_state::free)) return false;
      laps += w.lap();
    }
  }
  return true;
}

}  // namespace

bool all_settled(const queue_view& queue) noexcept {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  return add_laps(queue, before) && add_laps(queue, after) && before == after;
}

void announce_joiner(const queue_view& queue, joiner how) noexcept {
  queue.header().signs.joiners.fetch_or(static_cast<std::uint32_t>(how), std::memory_order_seq_cst);
}

// The flag goes first: a joiner that sets it again afterwards has read `settled` before it changed,
// or looks after everything was settled.
void wake_joiners(const queue_view& queue) noexcept {
  queue_header& header = queue.header();
  const std::uint32_t who = header.signs.joiners.exchange(0, std::memory_order_seq_cst);
  header.settled.fetch_add(1, std::memory_order_seq_cst);
  queue.os().wake(header.settled);
  // After a death the bell rings in any case (parked_set::wake_all).
  if ((who & static_cast<std::uint32_t>(joiner::listens)) != 0) queue.bells.ring(1, queue.os());
}

void wake_everyone(const queue_view& queue) noexcept {
  parked_set(queue, side::receivers).wake_all();
  parked_set(queue, side::senders).wake_all();
  wake_joiners(queue);
}

bool is_over_for(const queue_view& queue, std::uint32_t seat) noexcept {
  // Acquire: CLOSED comes after the barrier of `close`, and so after what it let through.
  if (queue.header().signs.closed.load(std::memory_order_acquire) != closed_state::closed)
    return false;
  const census first = count_left(queue, seat, false);
  if (first.waiting != 0) return false;
  if (first.held_by_seat != 0) return true;
  if (first.held != 0 || any_forwarding(queue)) return false;
  // A forward that was under way at the first count is over by now and its results are there.
  const census last = count_left(queue, seat, false);
  return last.waiting == 0 && last.held == 0;
}

}  // namespace bulkhead::core
