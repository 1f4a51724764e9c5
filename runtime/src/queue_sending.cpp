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

status queue_state::reserve(std::size_t size, patience how_long, open_place& out) {
  participation* me = joined();
  if (me == nullptr || !is_well()) [[unlikely]]
    return reserve_slowly(size, how_long, out);
  me->lane_mutex.lock();
  core::place place;
  if (is_open() && me->producer.reserve(size, place) == core::outcome::done) [[likely]] {
    open(place, *this, out);
    return {};
  }
  me->lane_mutex.unlock();
  return reserve_slowly(size, how_long, out);
}

[[gnu::noinline, gnu::cold]] status queue_state::reserve_slowly(std::size_t size, patience how_long,
                                                                open_place& out) {
  // At once: the lane may be full, and waiting would not help.
  if (size > view().shape().inline_bytes && size > view().layout().payload_bytes) {
    return errc::too_large;
  }
  const time_limit limit(how_long);
  participation* me = nullptr;
  if (const status s = join(limit, me); s.failed()) return s;
  if (view().shape().overflow != static_cast<std::uint32_t>(overflow::block)) {
    return make_way(*me, size, out);
  }
  attempt_of step([&]() -> attempt_result {
    if (auto result = try_reserve(*me, size, out)) return result;
    if (is_stopping(limit)) return errc::stop_requested;
    me->note_blocked();
    return std::nullopt;
  });
  return me->senders.wait(step, limit);
}

// A policy that never waits.
status queue_state::make_way(participation& me, std::size_t size, open_place& out) {
  core::lane_header& lane = view().lane(me.consumer.seat());
  const auto count = [](std::atomic<std::uint64_t>& counter) {  // one writer: under the lane lock
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  };
  for (;;) {
    if (const auto result = try_reserve(me, size, out)) return *result;
    const std::lock_guard lock(me.lane_mutex);
    switch (static_cast<overflow>(view().shape().overflow)) {
      case overflow::drop_oldest:
        if (me.producer.drop_oldest()) {
          count(lane.dropped_oldest);
          continue;
        }
        [[fallthrough]];
      case overflow::drop_newest:
        count(lane.dropped_newest);
        return status::dropped();
      case overflow::refuse:
      case overflow::block:
        count(lane.refused);
        return errc::full;
    }
  }
}

attempt_result queue_state::try_reserve(participation& me, std::size_t size, open_place& out) {
  std::unique_lock lock(me.lane_mutex);
  if (const status s = check_alive(); s.failed()) return s;
  if (!is_open()) return errc::closed;
  core::place place;
  const core::outcome outcome = me.producer.reserve(size, place);
  if (outcome != core::outcome::done) return ended_unless_full(outcome);
  open(place, *this, out);
  me.note_unblocked();
  lock.release();
  return status();
}

status queue_state::publish(open_place& place) {
  participation& me = *joined();
  const core::outcome outcome =
      me.producer.publish({place.position, place.size, place.bytes, place.block});
  place.locked = nullptr;
  me.lane_mutex.unlock();
  if (outcome != core::outcome::done) [[unlikely]]
    return status_of(outcome);
  // S5, after the publication and its barrier.
  const core::parked_set sleepers(view(), core::side::receivers);
  if (sleepers.any()) [[unlikely]]
    sleepers.wake_one();
  return {};
}

void queue_state::unlock_lane() { joined()->lane_mutex.unlock(); }

status queue_state::sent(std::uint64_t& out) {
  participation* me = nullptr;
  if (const status s = join(time_limit(patience::forever()), me); s.failed()) return s;
  const std::lock_guard lock(me->lane_mutex);
  out = me->producer.sent() - me->sent_before;
  return {};
}

}  // namespace bulkhead::detail
