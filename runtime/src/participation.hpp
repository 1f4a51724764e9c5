#pragma once

#include <condition_variable>
#include <mutex>

#include "core/consumer.hpp"
#include "core/producer.hpp"
#include "os/queue_memory.hpp"
#include "pipe_lock.hpp"
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
  participation(const core::queue_view& view, os::queue_memory& memory, queue_ports& ports,
                const seat_grant& grant);

  /// Around everything that the port does not do by itself.
  void lock_lane();
  void unlock_lane() { lane_lock_.unlock(); }
  void lock_taking();
  void unlock_taking() { taking_lock_.unlock(); }
  /// With the lock held: lends to the ports where a thread can use them.
  void lend_places();
  void lend_messages(std::uint32_t now_ms);
  /// No delivery is counted in the port any more. @returns how many were.
  std::int64_t close_taking();
  /// From now on every call takes the slow path.
  void shut_ports();

  /// Waits for a forward record to be free, and takes it.
  std::uint32_t claim_record();
  void free_record(std::uint32_t record);

  /// Our own lane is full, and only takers can change that: `take` serves it first, as we may be
  /// the taker that everybody waits for.
  void note_blocked() noexcept { blocked.store(true, std::memory_order_relaxed); }
  void note_unblocked() noexcept { blocked.store(false, std::memory_order_relaxed); }

  queue_ports& ports;
  core::consumer consumer;
  core::producer producer;
  waiting_room receivers;
  waiting_room senders;
  std::uint64_t sent_before;
  std::atomic<bool> blocked{false};

 private:
  os::queue_memory& memory_;
  std::uint32_t looked_ms_ = 0;
  pipe_lock lane_lock_;
  pipe_lock taking_lock_;
  std::mutex record_mutex_;
  std::condition_variable record_freed_;
  std::uint64_t records_used_ = 0;
};

/// Holds a participation's taking side.
class taking_guard {
 public:
  explicit taking_guard(participation& of) : of_(&of) { of.lock_taking(); }
  taking_guard(const taking_guard&) = delete;
  taking_guard& operator=(const taking_guard&) = delete;
  ~taking_guard() { of_->unlock_taking(); }

 private:
  participation* of_;
};

/// Holds a participation's lane.
class lane_guard {
 public:
  explicit lane_guard(participation& of) : of_(&of) { of.lock_lane(); }
  lane_guard(const lane_guard&) = delete;
  lane_guard& operator=(const lane_guard&) = delete;
  ~lane_guard() {
    if (of_ != nullptr) of_->unlock_lane();
  }
  /// It stays locked.
  void release() noexcept { of_ = nullptr; }

 private:
  participation* of_;
};

}  // namespace bulkhead::detail
