#include "outcomes.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {
namespace {

void open(const core::place& found, queue_state& locked, open_place& out) {
  out.bytes = found.bytes;
  out.size = found.size;
  out.position = found.position;
  out.block = found.block;
  out.locked = &locked;
}

}  // namespace

// One attempt: `find` asks the producer for a place. The lane stays locked where there is one.
template <class Find>
attempt_result queue_state::try_reserve(participation& me, open_place& out, Find find) {
  lane_guard lock(me);
  if (const status s = check_alive(); s.failed()) return s;
  if (!is_open()) return errc::closed;
  core::place place;
  const core::outcome outcome = find(place);
  if (outcome != core::outcome::done) return ended_unless_full(outcome);
  open(place, *this, out);
  me.note_unblocked();
  lock.release();
  return status();
}

// Not in line: a call comes here when its port has no place for it.
status queue_state::reserve(std::size_t size, patience how_long, open_place& out,
                            std::size_t lead) {
  // At once: the lane may be full, and waiting would not help.
  if (size > view().shape().inline_bytes && size > view().layout().payload_bytes) {
    return errc::too_large;
  }
  const time_limit limit(how_long);
  participation* me = nullptr;
  if (const status s = join(limit, me); s.failed()) return s;
  attempt_of step([&](core::look how) -> attempt_result {
    return try_reserve(
        *me, out, [&](core::place& place) { return me->producer.reserve(size, place, lead, how); });
  });
  return find_room(step, *me, limit);
}

status queue_state::lend_block(std::uint64_t bytes, patience how_long, payload_block& out,
                               std::byte*& at) {
  const time_limit limit(how_long);
  participation* me = nullptr;
  if (const status s = join(limit, me); s.failed()) return s;
  attempt_of step([&]() -> attempt_result {
    const lane_guard lock(*me);
    if (const status s = check_alive(); s.failed()) return s;
    if (!is_open()) return errc::closed;
    const auto lent = ended_unless_full(me->producer.lend_block(bytes, out, at));
    me->lend_places();
    return lent;
  });
  return find_room(step, *me, limit, false);
}

// A loan may outlive the queue's use of the process: there is nothing to give back then.
void queue_state::give_back(const payload_block& block) noexcept {
  participation* const me = joined();
  if (me == nullptr || !context_->in_original_process()) return;
  {
    const lane_guard lock(*me);
    me->producer.give_back(block);
    me->lend_places();
  }
  // Other threads of ours may wait for its bytes; no other process can have them.
  const core::parked_set senders(view(), core::side::senders);
  senders.wake_seat(me->consumer.seat());
  senders.ring_bell();
}

status queue_state::reserve_lent(const payload_block& block, std::size_t size, std::size_t lead,
                                 patience how_long, open_place& out) {
  const time_limit limit(how_long);
  participation* me = nullptr;
  if (const status s = join(limit, me); s.failed()) return s;
  attempt_of step([&](core::look how) -> attempt_result {
    return try_reserve(*me, out, [&](core::place& place) {
      return me->producer.reserve_lent(block, size, lead, place, how);
    });
  });
  return find_room(step, *me, limit);
}

// Repeats the step until there is room, or does what the queue's policy says.
status queue_state::find_room(attempt& step, participation& me, const time_limit& limit,
                              bool has_message) {
  if (view().shape().overflow != static_cast<std::uint32_t>(overflow::block)) {
    return make_way(me, step, has_message);
  }
  attempt_of waiting([&](core::look how) -> attempt_result {
    if (auto result = step(how)) return result;
    if (is_stopping(limit)) return errc::stop_requested;
    me.note_blocked();
    return std::nullopt;
  });
  return me.senders.wait(waiting, limit);
}

// A policy that never waits. Of a loan there is no message yet that could be dropped.
status queue_state::make_way(participation& me, attempt& step, bool has_message) {
  core::lane_header& lane = view().lane(me.consumer.seat());
  const auto count = [](std::atomic<std::uint64_t>& counter) {  // one writer: under the lane lock
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  };
  for (;;) {
    if (const auto result = step(core::look::thorough)) return *result;
    const lane_guard lock(me);
    switch (static_cast<overflow>(view().shape().overflow)) {
      case overflow::drop_oldest:
        if (me.producer.drop_oldest()) {
          count(lane.dropped_oldest);
          continue;
        }
        [[fallthrough]];
      case overflow::drop_newest:
        if (!has_message) return errc::full;
        count(lane.dropped_newest);
        return status::dropped();
      case overflow::refuse:
      case overflow::block:
        count(lane.refused);
        return errc::full;
    }
  }
}

status queue_state::publish(open_place& place) {
  participation& me = *joined();
  const core::outcome outcome =
      me.producer.publish({place.position, place.size, place.bytes, place.block});
  place.locked = nullptr;
  me.lend_places();
  me.unlock_lane();
  if (outcome != core::outcome::done) return status_of(outcome);
  wake_receiver();
  return {};
}

// The port has published, and the caller is inside its gate, which keeps all others out.
status queue_state::heed_sent() {
  participation& me = *joined();
  me.producer.take_back(ports_->out);
  const bool sent = me.producer.confirm_newest();  // S4
  if (sent) me.lend_places();
  ports_->out.gate.leave();
  if (!sent) return errc::closed;
  if (const status s = check_alive(); s.failed()) return s;
  wake_receiver();
  return {};
}

// What finds its port without a place may go on by it, if there is room at once.
bool queue_state::lend_places() noexcept {
  participation* const me = joined();
  if (me == nullptr) return false;
  const lane_guard lock(*me);
  if (check_alive().failed() || !is_open()) return false;
  me->lend_places();
  return ports_->out.room() != 0;
}

// S5, after the publication and its barrier.
void queue_state::wake_receiver() const {
  const core::parked_set sleepers(view(), core::side::receivers);
  if (sleepers.any()) sleepers.wake_one();
}

// A place that was reserved and is not going to be sent from.
void queue_state::unlock_lane() {
  joined()->producer.give_up();
  joined()->unlock_lane();
}

status queue_state::sent(std::uint64_t& out) {
  participation* me = nullptr;
  if (const status s = join(time_limit(patience::forever()), me); s.failed()) return s;
  const lane_guard lock(*me);
  out = me->producer.sent() - me->sent_before;
  return {};
}

}  // namespace bulkhead::detail
