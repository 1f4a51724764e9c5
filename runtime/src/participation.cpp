#include "participation.hpp"

#include <bit>

namespace bulkhead::detail {

participation::participation(const core::queue_view& view, os::queue_memory& memory,
                             const seat_grant& grant)
    : receive_mutex(view.os()),
      consumer(view, grant.seat, grant.epoch),
      lane_mutex(view.os()),
      producer(view, grant.seat, memory),
      receivers(view, core::side::receivers, grant.seat),
      senders(view, core::side::senders, grant.seat),
      sent_before(grant.sent_before) {}

// A record is held for the length of one forward, which waits for nothing; so the wait for one is
// short.
std::uint32_t participation::claim_record() {
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
