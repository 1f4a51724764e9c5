#include "core/producer.hpp"

#include <algorithm>
#include <cstring>

#include "core/broken.hpp"
#include "core/closing.hpp"
#include "core/consumer.hpp"
#include "core/parked_set.hpp"

namespace bulkhead::core {

producer::producer(const queue_view& queue, std::uint32_t seat, payload_area& payload)
    : queue_(&queue),
      header_(&queue.header()),
      seat_(seat),
      next_(queue, seat, 0),
      sent_messages_(queue, seat),
      payload_(&payload),
      blocks_(queue.layout().payload_bytes, queue.ring_slots()),
      staging_(next_),
      credits_(queue, seat) {
  take_over();
}

// S1: the next place that nobody holds. Consumers are told of what a send steps over before the
// message behind it comes out; a forward says so only when it publishes (F7). What a sweep met
// there too early is settled by now. @returns false when none is free: there always is, unless
// somebody else has written here.
bool producer::find_free(ring_walk& from, bool say_passed) {
  for (std::uint32_t looks = 0;
       !from.here().load(std::memory_order_acquire).is(slot_state::free);) {
    if (++looks > queue_->ring_slots()) {
      queue_->mark_corrupt();
      return false;
    }
    from.step();
    // Release: whoever sees it sees every publication before it (T2, "c < passed").
    if (say_passed) queue_->lane(seat_).passed.store(from.at(), std::memory_order_release);
  }
  settle(index_of(from.at()));
  return true;
}

bool producer::has_room(std::size_t count, std::size_t credit, look how) {
  if (!has_places(count, credit, how)) return false;
  if (!credits_.is_bounded()) return true;
  const std::size_t needed = staged_.size() + count;
  const std::size_t there = inherited_.size() + staged_claims_.size();
  return needed <= there || credits_.has(needed - there);
}

bool producer::has_places(std::size_t count, std::size_t credit, look how) {
  // Not more than the ring holds: one slot stays free for the producer to find.
  const std::size_t bound =
      std::min<std::size_t>(queue_->shape().capacity + credit, queue_->ring_slots() - 1);
  const std::size_t needed = staged_.size() + count;
  if (sent_messages_.count() + needed > bound) sweep(needed < bound ? bound - needed : 0, how);
  return sent_messages_.count() + needed <= bound;
}

bool producer::drop_oldest() {
  for (;;) {
    position at = 0;
    if (!sent_messages_.find_oldest(at)) return false;
    slot& s = queue_->slot_at(seat_, index_of(at));
    // Acquire: a place that its taker freed meanwhile is ours with the taker's reads over.
    const slot_word w = s.load(std::memory_order_acquire);
    // Else a taker was faster, and another one is the oldest.
    if (w.is(slot_state::ready) && w.lap() == lap_of(at) && s.exchange_if(w, w.freed())) {
      settle(index_of(at));
      after_freeing(*queue_, seat_, at);
      return true;
    }
  }
}

outcome producer::find_place(place& out, look how) {
  drop_pending();
  if (!has_places(1, 0, how)) return outcome::full;
  if (!find_free(next_, true)) return outcome::full;  // the next look finds it corrupt
  out.position = next_.at();
  return outcome::done;
}

outcome producer::reserve_slowly(std::size_t size, std::size_t lead, place& out, look how) {
  if (const outcome found = find_place(out, how); found != outcome::done) return found;
  const outcome made = make_bytes(size, lead, out);
  if (made != outcome::done) return made;
  if (!claim_for(out)) return outcome::full;
  if constexpr (broken::publish_early) publish_too_early(out);
  return outcome::done;
}

void producer::lend(detail::queue_out_port& port) {
  if (credits_.is_bounded()) return;              // a port cannot claim
  if (lap_of(next_.at()) != hinted_lap_) return;  // a lap's first message says more (say_sequence)
  const std::uint32_t first = index_of(next_.at());
  const std::uint32_t capacity = queue_->shape().capacity;
  // The ring's last place is not lent: positions that a port counts up stay in one lap.
  const std::uint32_t most = std::min(lent_max, queue_->ring_slots() - 1 - first);
  if (sent_messages_.count() + most > capacity) {
    sweep(capacity > most ? capacity - most : 0, look::quick);
  }
  std::uint32_t count = 0;
  for (ring_walk walk = next_; count < most && !sent_messages_.in_order(); ++count, walk.step()) {
    // Acquire: the taker's reads of the payload are over before the port writes there (S1).
    if (!walk.here().load(std::memory_order_acquire).is(slot_state::free)) break;
    settle(first + count);
  }
  // In order all places ahead are free.
  if (sent_messages_.in_order()) count = most;
  count = std::min(count, capacity - std::min(capacity, sent_messages_.count()));
  // The low half of the meta words must not run over into the size.
  const std::uint64_t meta = (sequence_ + 1) & 0xffff'ffff;
  count = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, 0x1'0000'0000 - meta));
  lent_ = count;
  port.set_room(count);
  port.stride = queue_->layout().slot_bytes;
  port.end = reinterpret_cast<std::byte*>(&next_.here()) + count * port.stride;
  port.ready = slot_word::make_ready(lap_of(next_.at())).bits;
  port.meta_end = meta + count;
  port.position_end = next_.at() + count;  // in one lap, where positions are counted up
  lend_blocks(port, first, count);
  port.inline_bytes = queue_->shape().inline_bytes;
}

void producer::take_back(detail::queue_out_port& port) {
  const std::uint32_t sent = lent_ - static_cast<std::uint32_t>(port.room());
  lent_ = 0;
  port.set_room(0);
  if (sent != 0) sent_messages_.add(index_of(next_.at()), sent);
  next_.skip(sent);
  sequence_ += sent;
}

bool producer::confirm_newest() {
  if (header_->signs.closed.load(std::memory_order_relaxed) == closed_state::open) return true;
  const std::uint32_t slots = queue_->ring_slots();
  const std::uint32_t index = (index_of(next_.at()) + slots - 1) % slots;
  slot& s = queue_->slot_at(seat_, index);
  const std::uint64_t lap = lap_of(index + 1 == slots ? one_lap_back(next_.at()) : next_.at());
  if (!withdraw(s, slot_word::make_ready(lap), index)) return true;
  --sequence_;
  return false;
}

// S3 before S2, in a build that is broken on purpose only: the release hands over nothing.
void producer::publish_too_early(const place& p) noexcept {
  write_meta(next_.here(), p, sequence_ + 1);
  next_.here().store(slot_word::make_ready(lap_of(p.position)), std::memory_order_release);
}

// S4. @returns false when somebody took the message: then it was sent.
bool producer::withdraw(slot& s, slot_word ready, std::uint32_t index) {
  const slot_word back = slot_word::make_free(ready.lap() + 1, free_tag::withdrawn);
  if (!s.exchange_if(ready, back)) return false;
  settle(index);
  // A receiver may have counted the message and sleep until it is settled.
  parked_set(*queue_, side::receivers).wake_all();
  if (header_->signs.joiners.load(std::memory_order_relaxed) != 0) wake_joiners(*queue_);
  return true;
}

bool producer::claim_for(const place& p) {
  if (!credits_.is_bounded()) return true;
  claimed_ = credits_.claim(p.position);
  return claimed_ != no_credit;
}

// The credit of what was set aside and is not going to be published.
void producer::drop_pending() {
  if (claimed_ != no_credit) credits_.give_up({&claimed_, 1});
  claimed_ = no_credit;
}

// Once a lap the lane says how many messages came before, of which a slot's meta word has the low
// half only. A takeover adds up both, so the hint must be there before the lap's first message can
// be the newest one, and may lag by many laps. `passed` moves along, so that positions which are
// compared with it stay near.
void producer::say_sequence(position p) noexcept {
  // Release: with it a receiver sees the lane as our predecessors left it.
  queue_->lane(seat_).used.store(1, std::memory_order_release);
  hinted_lap_ = lap_of(p);
  queue_->lane(seat_).passed.store(p, std::memory_order_release);
  queue_->lane(seat_).sequence_hint.store(sequence_, std::memory_order_release);
}

void producer::settle(std::uint32_t index) {
  sent_messages_.settle(index, [this](std::uint32_t settled) { blocks_.use(settled, false); });
}

// The place of a settled message keeps its block, for the next one there.
void producer::sweep(std::size_t enough, look how) {
  sent_messages_.sweep(static_cast<std::uint32_t>(enough), how,
                       [this](std::uint32_t settled) { blocks_.use(settled, false); });
  say_settled();
}

// A receiver that slept goes on there, instead of walking over what others took meanwhile: with
// many receivers nearly all of their time. Said when a good piece is settled, since each time takes
// the line from who waits for `passed`.
void producer::say_settled() noexcept {
  std::uint32_t index = 0;
  if (!sent_messages_.knows_oldest(index)) return;
  const position newest = next_.at();
  const position at = make_position(lap_of(newest) - (index < index_of(newest) ? 0 : 1), index);
  auto& settled = queue_->lane(seat_).settled;
  const std::uint32_t piece = queue_->shape().capacity / 8;
  if (!before(settled.load(std::memory_order_relaxed) + piece, at)) return;
  // Release: who goes on there sees all that was published before it (T2).
  settled.store(at, std::memory_order_release);
}

outcome producer::stage(std::size_t size, std::size_t credit, place& out, std::size_t lead) {
  if (!has_places(1, credit, look::thorough)) return outcome::full;
  if (staged_.empty()) {
    drop_pending();
    staging_ = next_;
  }
  if (!find_free(staging_, false)) return outcome::full;
  out.position = staging_.at();
  const outcome made = make_bytes(size, lead, out);
  if (made != outcome::done) return made;
  if (credits_.is_bounded() && !stage_credit(out.position)) return outcome::full;
  // From now on: the next one that is staged must not take it back.
  if (out.block != place::no_block) blocks_.use(index_of(out.position), true);
  staging_.here().store(slot_word::make_free(lap_of(out.position), free_tag::reserved),
                        std::memory_order_relaxed);
  staged_.push_back(out);
  staging_.step();
  return outcome::done;
}

void producer::inherit(std::uint32_t lane, position input) {
  if (!credits_.is_bounded()) return;
  const std::uint32_t credit = credits_.find(lane, input);
  if (credit != no_credit) inherited_.push_back(credit);
}

// Before the place is marked reserved. @returns false when no credit is free.
bool producer::stage_credit(position at) {
  if (staged_.size() < inherited_.size()) {
    credits_.inherit(inherited_[staged_.size()], at);
    return true;
  }
  staged_claims_.reserve(staged_claims_.size() + 1);  // no claim without a note of it
  const std::uint32_t credit = credits_.claim(at);
  if (credit != no_credit) staged_claims_.push_back(credit);
  return credit != no_credit;
}

void producer::forget_staged() noexcept {
  staged_.clear();
  staged_claims_.clear();
  inherited_.clear();
}

void producer::seal_staged() noexcept {
  if (lap_of(next_.at()) != hinted_lap_) say_sequence(next_.at());
  std::uint64_t sequence = sequence_;
  for (const place& p : staged_) {
    write_meta(queue_->slot_at(seat_, index_of(p.position)), p, ++sequence);
  }
}

void producer::commit_staged() {
  if (staged_.empty()) return forget_staged();
  for (const place& p : staged_) note(p);
  sequence_ += staged_.size();
  next_ = staging_;
  forget_staged();
}

void producer::drop_staged() {
  for (const place& p : staged_) blocks_.use(index_of(p.position), false);
  if (!staged_claims_.empty()) credits_.give_up(staged_claims_);
  forget_staged();
}

newest_published find_newest(const queue_view& queue, std::uint32_t seat) noexcept {
  newest_published newest;
  // A zero word is a place that was never used, or one that the last lap freed before laps begin at
  // 0 again; in a lane that counts messages of earlier laps every place was used.
  const bool used = queue.lane(seat).sequence_hint.load(std::memory_order_acquire) != 0;
  for (std::uint32_t index = 0; index < queue.ring_slots(); ++index) {
    const slot_word w = queue.slot_at(seat, index).load(std::memory_order_acquire);
    position at = make_position(w.lap(), index);
    if (w.is(slot_state::free)) {
      // A free word is a lap ahead of the last message; a reserved one says nothing.
      if (w.tag() == free_tag::reserved || (w.bits == 0 && !used)) continue;
      at = one_lap_back(at);
    }
    if (newest.any && before(at, newest.at)) continue;
    newest = {true, at, w.is(slot_state::free) && w.tag() == free_tag::withdrawn};
  }
  return newest;
}

// Acquire, here and below: our predecessor was reaped before we began, and what it stored before
// each of these words was seen by the keeper, which told us to begin.
void producer::take_over() {
  const lane_header& lane = queue_->lane(seat_);
  const newest_published newest = find_newest(*queue_, seat_);
  const std::uint64_t hint = lane.sequence_hint.load(std::memory_order_acquire);
  position at = 0;
  if (newest.any) {
    const auto low = static_cast<std::uint32_t>(queue_->slot_at(seat_, index_of(newest.at)).meta);
    sequence_ = hint + static_cast<std::uint32_t>(low - static_cast<std::uint32_t>(hint));
    if (newest.withdrawn) --sequence_;
    at = next(newest.at, queue_->ring_slots());
  }
  const position passed = lane.passed.load(std::memory_order_acquire);
  const bool is_sane = is_position(passed, queue_->ring_slots());
  if (!is_sane) queue_->mark_corrupt();
  next_.go_to(is_sane && before(at, passed) ? passed : at);
  staging_ = next_;
  for (std::uint32_t index = 0; index < queue_->ring_slots(); ++index) {
    const slot& s = queue_->slot_at(seat_, index);
    if (s.load(std::memory_order_acquire).is(slot_state::free)) continue;
    place p{index, static_cast<std::size_t>(s.meta >> 32), nullptr, place::no_block};
    if (p.size > queue_->shape().inline_bytes) {
      std::memcpy(&p.block, s.payload, sizeof p.block);
      if (broken::blocks_forgotten || !blocks_.claim(index, p.block, p.size)) {
        p.block = place::no_block;
      }
    }
    sent_messages_.add_found(index, index_of(next_.at()));
    if (p.block != place::no_block) blocks_.use(index, true);
  }
}

void publish_range(const queue_view& queue, std::uint32_t seat, position first,
                   position end) noexcept {
  auto& passed = queue.lane(seat).passed;
  for (position p = first; p != end; p = next(p, queue.ring_slots())) {
    slot& s = queue.slot_at(seat, index_of(p));
    // Exactly the reserved word of this lap: a slot that was published, and perhaps taken, before
    // is left alone.
    if (!s.exchange_if(slot_word::make_free(lap_of(p), free_tag::reserved),
                       slot_word::make_ready(lap_of(p))) &&
        before(passed.load(std::memory_order_relaxed), next(p, queue.ring_slots()))) {
      passed.store(next(p, queue.ring_slots()), std::memory_order_release);
    }
  }
}

}  // namespace bulkhead::core
