#include "core/consumer.hpp"

#include <algorithm>

#include "core/broken.hpp"
#include "core/closing.hpp"
#include "core/credits.hpp"
#include "core/parked_set.hpp"
#include "core/producer.hpp"
#include "core/settled_mark.hpp"
#include "core/timekeeper.hpp"

namespace bulkhead::core {
namespace {

// The position after the newest that a lane published.
position end_of(const queue_view& queue, std::uint32_t lane) noexcept {
  const newest_published newest = find_newest(queue, lane);
  return newest.any ? next(newest.at, queue.ring_slots()) : position{0};
}

}  // namespace

// Others may need to know whether anybody else receives here (queue_state's forward).
void consumer::join_takers() noexcept {
  queue_->header().takers[seat_ / 64].fetch_or(std::uint64_t{1} << (seat_ % 64),
                                               std::memory_order_relaxed);
}

bool consumer::take_slowly(lease& out) {
  const std::uint32_t lanes = queue_->seats_used();
  if (cursors_.empty()) join_takers();
  if (cursors_.size() < lanes) cursors_.resize(lanes);
  if (served_ >= in_a_row_max) {
    served_ = 0;
    ++turn_;
  }
  for (std::uint32_t n = 0; n < lanes; ++n) {
    if (turn_ >= lanes) turn_ = 0;
    if (take_from(turn_, out)) {
      ++served_;
      return true;
    }
    ++turn_;
    served_ = 0;
  }
  return false;
}

bool consumer::take_from(std::uint32_t lane, lease& out) {
  if (!queue_->is_used(lane)) return false;
  cursor& c = cursors_[lane];
  // T1. Acquire: a version that we see brings the READY word that was stored before it.
  const std::uint64_t version = queue_->lane(lane).version.load(std::memory_order_acquire);
  if (c.lane == nullptr || version != c.version) {
    if (c.lane == nullptr) {
      place(lane, c);
    } else {
      c.walk.go_to(first_ready(lane, c.walk.at()));
    }
    c.version = version;
    c.lane = &queue_->lane(lane);
  }
  // No producer is so many laps ahead of a cursor that does not sleep; a `passed` that is no
  // producer's would send it on for ever.
  const std::uint64_t looks_max = std::uint64_t{laps_in_a_row_max} * queue_->ring_slots() + 65536;
  for (std::uint64_t looks = 0; looks < looks_max; ++looks) {
    slot_word w;
    switch (look(c, w)) {
      case sight::unpublished:
        return false;
      case sight::behind:
        advance(lane, c, w);
        continue;
      case sight::ready:
        break;
    }
    const slot_word mine = w.taken_by(seat_, epoch_);
    if (!c.walk.here().exchange_if(w, mine)) continue;  // T3: a rival took it
    out = {lane, make_position(w.lap(), index_of(c.walk.at())), mine};
    if (w.lap() == lap_of(c.walk.at())) c.walk.step();
    return true;
  }
  queue_->mark_corrupt();
  return false;
}

// T1 of a new cursor.
void consumer::place(std::uint32_t lane, cursor& c) const noexcept {
  position begin = 0;
  if (!find_settled(*queue_, lane, begin)) begin = first_ready(lane, end_of(*queue_, lane));
  c.walk = ring_walk(*queue_, lane, begin);
}

void consumer::lend(detail::queue_in_port& port, std::uint32_t now_ms) noexcept {
  if (turn_ >= cursors_.size() || cursors_[turn_].lane == nullptr || served_ >= in_a_row_max)
    return;
  const cursor& c = cursors_[turn_];
  const position at = c.walk.at();
  const std::uint32_t count = std::min(in_a_row_max - served_, queue_->ring_slots() - index_of(at));
  const std::uint64_t where = (std::uint64_t{turn_} << 32) | index_of(at);
  const slot_word ready = slot_word::make_ready(lap_of(at));
  port.lent = count;
  port.set_left(count);
  port.stride = queue_->layout().slot_bytes;
  port.end = reinterpret_cast<std::byte*>(&c.walk.here()) + count * port.stride;
  port.where_end = where + count;
  // The line of a message that is there is fetched while the one before it is read; one that is not
  // yet there is its producer's.
  const bool all_there = c.walk.ahead(count - 1).load(std::memory_order_relaxed) == ready;
  port.fetch_ahead = all_there ? fetched_ahead * port.stride : 0;
  port.ready = ready.bits;
  port.mine = ready.taken_by(seat_, epoch_).bits;
  port.version = &c.lane->version;
  port.version_seen = c.version;
  run_ms_ = now_ms;
  queue_->seat(seat_).run.say(where, count, now_ms);
}

void consumer::take_back(detail::queue_in_port& port) noexcept {
  if (port.lent == 0) return;
  const auto taken = static_cast<std::uint32_t>(port.lent - port.left());
  const bool all_settled = port.held() == 0;
  port.taken_before += taken;
  port.lent = 0;
  port.set_left(0);
  served_ += taken;
  ring_walk& walk = cursors_[turn_].walk;
  // What is held for longer than the run gets its time in the slot's own place.
  for (std::uint32_t n = 0; n < taken && !all_settled; ++n) {
    if (walk.ahead(n).load(std::memory_order_relaxed).bits != port.mine) continue;
    queue_->times(turn_, index_of(walk.at()) + n)
        .taken_ms.store(run_ms_, std::memory_order_relaxed);
  }
  walk.skip(taken);
  queue_->seat(seat_).run.say(0, 0, 0);
}

// T2. An older message under the cursor may be taken, but the cursor goes on only when its own
// position is behind it.
consumer::sight consumer::look(const cursor& c, slot_word& w) const noexcept {
  const slot& s = c.walk.here();
  const std::uint64_t lap = lap_of(c.walk.at());
  for (w = s.load(std::memory_order_acquire);;) {
    if (w.is(slot_state::ready) && !newer_lap(w.lap(), lap)) return sight::ready;
    if (newer_lap(w.lap(), lap)) return sight::behind;
    if (w.lap() == lap && !w.is(slot_state::free)) return sight::behind;
    // Acquire: everything before `passed` that was published is visible now, so a word that still
    // says nothing was stepped over.
    if (!before(c.walk.at(), c.lane->passed.load(std::memory_order_acquire)))
      return sight::unpublished;
    const slot_word again = s.load(std::memory_order_acquire);
    if (again == w) return sight::behind;
    w = again;
  }
}

// The oldest position before `limit` whose message waits, else `limit`: a turn of the ring, after
// messages came back or a sleep of laps. Which lap an old message is of cannot be told from its
// neighbours: a producer steps over held slots, and may come by laps later while what lies between
// still waits.
position consumer::first_ready(std::uint32_t lane, position limit) const noexcept {
  position first = limit;
  for (std::uint32_t index = 0; index < queue_->ring_slots(); ++index) {
    const slot_word w = queue_->slot_at(lane, index).load(std::memory_order_acquire);
    const position at = make_position(w.lap(), index);
    if (w.is(slot_state::ready) && before(at, first)) first = at;
  }
  return first;
}

// Goes on where everything before is settled, by the lane's own word.
bool consumer::skip_settled(std::uint32_t lane, cursor& c) const noexcept {
  // Acquire: as `passed` is looked at (T2).
  position settled = 0;
  if (!find_settled(*queue_, lane, settled) || !before(c.walk.at(), settled)) return false;
  c.walk.go_to(settled);
  return true;
}

// A slot that is laps ahead shows that this cursor slept. What was published since lies at most a
// lap behind that slot's newest message, or waits where `first_ready` finds it.
void consumer::advance(std::uint32_t lane, cursor& c, slot_word seen) const noexcept {
  const position at = c.walk.at();
  const std::uint64_t published = seen.is(slot_state::free) ? seen.lap() - 1 : seen.lap();
  const position far = next(make_position(published - 1, index_of(at)), queue_->ring_slots());
  c.walk.step();
  if (skip_settled(lane, c) || !before(c.walk.at(), far)) return;
  const position first = first_ready(lane, far);
  if (before(c.walk.at(), first)) c.walk.go_to(first);
}

namespace {

// Receivers of a closed queue sleep only where nothing waits; for them it may be over now.
void wake_if_closed(const queue_view& queue) noexcept {
  if (queue.header().signs.closed.load(std::memory_order_relaxed) != closed_state::closed) return;
  parked_set(queue, side::receivers).wake_announced();
}

[[gnu::noinline, gnu::cold]] void wake_after_freeing(const queue_view& queue, std::uint32_t lane,
                                                     position at) noexcept {
  if (queue.shape().total != 0) {
    wake_senders(queue);
  } else {
    parked_set(queue, side::senders).wake_seat(lane);
  }
  wake_if_closed(queue);
  if (queue.header().signs.joiners.load(std::memory_order_relaxed) == 0) return;
  // Of two that settle the last two messages at once, one must see both settled.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!any_unsettled(queue, lane, index_of(at))) wake_joiners(queue);
}

}  // namespace

void after_freeing(const queue_view& queue, std::uint32_t lane, position at) noexcept {
  queue.os().light_barrier();  // the freed word before the looks at who waits
  const queue_header& header = queue.header();
  if (header.signs.parked_senders.load(std::memory_order_relaxed) != 0 ||
      header.signs.sender_bell.load(std::memory_order_relaxed) != 0 ||
      header.signs.closed.load(std::memory_order_relaxed) == closed_state::closed ||
      header.signs.joiners.load(std::memory_order_relaxed) != 0) [[unlikely]] {
    wake_after_freeing(queue, lane, at);
  }
}

namespace {

// A plain store is enough where leases have no end: only the owner, or recovery after its proven
// death, changes a leased word. Release: our reads of the payload come before the next use of it.
bool change(const queue_view& queue, const lease& l, slot_word to) noexcept {
  slot& s = slot_of(queue, l);
  if (queue.shape().lease_ms != 0) [[unlikely]]
    return s.exchange_if(l.word, to);
  s.store(to, std::memory_order_release);
  return true;
}

}  // namespace

bool acknowledge(const queue_view& queue, const lease& l) noexcept {
  if (!change(queue, l, l.word.freed())) return false;
  after_freeing(queue, l.lane, l.position);
  return true;
}

bool release(const queue_view& queue, const lease& l) noexcept {
  if (!change(queue, l, slot_word::make_ready(l.word.lap(), l.deliveries()))) return false;
  // Release, and after the word: a consumer that sees the new version finds the message (T1).
  if constexpr (!broken::no_version_bump)
    queue.lane(l.lane).version.fetch_add(1, std::memory_order_release);
  queue.os().light_barrier();
  const parked_set receivers(queue, side::receivers);
  if (receivers.any()) receivers.wake_one();
  return true;
}

bool delay(const queue_view& queue, const lease& l, std::uint64_t at_ms) noexcept {
  if (!set_deadline(queue, l.lane, index_of(l.position), l.word, at_ms, deadline_kind::delay)) {
    return false;
  }
  return change(queue, l, slot_word::make(l.word.lap(), l.deliveries(), 0, 0, slot_state::delayed));
}

bool set_aside(const queue_view& queue, const lease& l) noexcept {
  if (!change(queue, l, l.word.with(slot_state::poison))) return false;
  wake_if_over(queue);
  return true;
}

void note_no_taker(const queue_view& queue, std::uint32_t seat) noexcept {
  queue.header().takers[seat / 64].fetch_and(~(std::uint64_t{1} << (seat % 64)),
                                             std::memory_order_relaxed);
}

void wake_if_over(const queue_view& queue) noexcept {
  queue.os().heavy_barrier();  // the word before the look, and after a sleeper's announcement
  wake_if_closed(queue);
}

bool extend(const queue_view& queue, const lease& l, std::uint64_t at_ms) noexcept {
  return set_deadline(queue, l.lane, index_of(l.position), l.word, at_ms, deadline_kind::extension);
}

bool is_held(const queue_view& queue, const lease& l) noexcept {
  // Acquire, after what was read under the lease: that was the message's.
  std::atomic_thread_fence(std::memory_order_acquire);
  return slot_of(queue, l).load(std::memory_order_acquire) == l.word;
}

}  // namespace bulkhead::core
