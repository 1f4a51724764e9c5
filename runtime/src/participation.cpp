#include "participation.hpp"

#include <bit>
#include <utility>

namespace bulkhead::detail {

participation::participation(const core::queue_view& view, os::queue_memory& memory,
                             queue_ports& lent, const seat_grant& grant)
    : ports(lent),
      consumer(view, grant.seat, grant.epoch),
      producer(view, grant.seat, memory),
      receivers(view, core::side::receivers, grant.seat),
      senders(view, core::side::senders, grant.seat),
      sent_before(grant.sent_before),
      memory_(memory),
      lane_lock_(lent.out.gate, view.os()),
      taking_lock_(lent.in.gate, view.os()) {
  ports.out.lane = {view.header().id, grant.seat};
  // A port knows places, and no credits.
  if (view.shape().total != 0) {
    lane_lock_.lock();
    lane_lock_.shut();
    lane_lock_.unlock();
  }
  // A port settles by plain stores, which only a lease without an end allows.
  if (view.shape().lease_ms != 0) {
    taking_lock_.lock();
    taking_lock_.shut();
    taking_lock_.unlock();
  }
  view.seat(grant.seat).run.say(0, 0, 0);  // of a predecessor
  ports.in.record = &view.seat(grant.seat).handover;
  ports.in.area_bytes = view.layout().payload_bytes;
  ports.in.inline_bytes = view.shape().inline_bytes;
}

void participation::lock_lane() {
  lane_lock_.lock();
  producer.take_back(ports.out);
}

void participation::lock_taking() {
  taking_lock_.lock();
  consumer.take_back(ports.in);
}

void participation::lend_places() {
  if (ports.out.gate.owner() != 0) producer.lend(ports.out);
}

// The port says of all messages that it takes that they were taken when they were lent. So it gets
// some only where that is nearly true: where the last ones took no longer than `rush_ms`.
void participation::lend_messages(std::uint32_t now_ms) {
  constexpr std::uint32_t rush_ms = 10;  // the coarse clock's longest tick
  const bool in_a_rush = now_ms - std::exchange(looked_ms_, now_ms) <= rush_ms;
  if (!in_a_rush || ports.in.gate.owner() == 0 || blocked.load(std::memory_order_relaxed)) return;
  consumer.lend(ports.in, now_ms);
  // Where a message lay in it before; else that one maps it.
  ports.in.area = memory_.mapped(static_cast<std::uint32_t>(ports.in.where_end >> 32));
}

std::int64_t participation::close_taking() {
  lock_taking();
  taking_lock_.close();
  const std::int64_t held = ports.in.balance();
  ports.in.taken_before = ports.in.gate.visits();
  unlock_taking();
  return held;
}

void participation::shut_ports() {
  lock_lane();
  lane_lock_.shut();
  unlock_lane();
  lock_taking();
  taking_lock_.shut();
  unlock_taking();
}

// A record is held for the length of one forward, which waits for nothing; so the wait for one is
// short.
std::uint32_t participation::claim_record() {
  // The last is the port's.
  constexpr std::uint64_t all = (std::uint64_t{1} << core::records_per_seat) - 1;
  std::unique_lock lock(record_mutex_);
  record_freed_.wait(lock, [&] { return records_used_ != all; });
  const auto record = static_cast<std::uint32_t>(std::countr_one(records_used_));
  records_used_ |= std::uint64_t{1} << record;
  return record;
}

void participation::free_record(std::uint32_t record) {
  {
    const std::lock_guard lock(record_mutex_);
    records_used_ &= ~(std::uint64_t{1} << record);
  }
  record_freed_.notify_one();
}

}  // namespace bulkhead::detail
