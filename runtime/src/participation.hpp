#pragma once

#include <condition_variable>
#include <mutex>

#include "core/consumer.hpp"
#include "core/producer.hpp"
#include "os/biased_mutex.hpp"
#include "os/queue_memory.hpp"
#include "waiting.hpp"

namespace bulkhead::detail {

/// A seat as the keeper gives it.
struct seat_grant {
  std::uint32_t seat = 0;
  std::uint32_t epoch = 0;
  std::uint64_t sent_before =
      0;  ///< Messages that former owners of the seat sent, who were not this child.
};

/// This process's part in a queue once it has a seat: the private halves of both sides, each under
/// its lock, and the seat's forward records.
struct participation {
  participation(const core::queue_view& view, os::queue_memory& memory, const seat_grant& grant);

  /// Waits for a forward record to be free, and takes it.
  std::uint32_t claim_record();
  void free_record(std::uint32_t record);

  /// Our own lane is full, and only takers can change that: `take` serves it first, as we may be
  /// the taker that everybody waits for.
  void note_blocked() noexcept { blocked.store(true, std::memory_order_relaxed); }
  void note_unblocked() noexcept { blocked.store(false, std::memory_order_relaxed); }

  os::biased_mutex receive_mutex;
  core::consumer consumer;
  os::biased_mutex lane_mutex;
  core::producer producer;
  waiting_room receivers;
  waiting_room senders;
  std::uint64_t sent_before;
  std::atomic<bool> blocked{false};

 private:
  std::mutex record_mutex_;
  std::condition_variable record_freed_;
  std::uint64_t records_used_ = 0;
};

}  // namespace bulkhead::detail
