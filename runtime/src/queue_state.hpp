#pragma once

#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/message.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "os/queue_memory.hpp"
#include "participation.hpp"
#include "process_context.hpp"

namespace bulkhead::detail {

/// What this process knows of one queue: the mapped segment, and with the first call that needs one
/// its seat. All handles of the process share it; when the last goes the keeper is told.
///
/// Each message call begins with a short way for the case that need not wait; all else is out of
/// line and cold, which is worth a third of the throughput (shared prototypes, P1 and P2).
///
/// Lock order: a lane lock (several in address order), then nothing; the receive lock, then
/// nothing; never both.
class queue_state {
 public:
  queue_state(std::shared_ptr<process_context> context, std::uint64_t id, std::string name,
              std::unique_ptr<os::queue_memory> memory);
  queue_state(const queue_state&) = delete;
  queue_state& operator=(const queue_state&) = delete;
  ~queue_state();

  /// Takes a seat that the keeper gave with the queue.
  void take_seat(const seat_grant& grant);

  status reserve(std::size_t size, patience how_long, open_place& out);
  status publish(open_place& place);
  void unlock_lane();
  status sent(std::uint64_t& out);

  status take(patience how_long, taken& out);
  void acknowledge(const taken& message);
  void release(const taken& message);
  void reject(const taken& message, std::string_view why);
  [[nodiscard]] std::vector<in_flight_message> in_flight() const;

  /// Waits until every message is settled.
  status join_all(patience how_long);
  /// Whether a receiving call would return at once, with a message or an error.
  [[nodiscard]] bool is_ready() const;
  void close();
  [[nodiscard]] std::uint32_t known_seat() const;
  status mark_corrupt();

  [[nodiscard]] const core::queue_view& view() const noexcept { return memory_->view(); }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] process_context& context() const noexcept { return *context_; }

  /// Takes part, which may need to wait for a seat. @returns what `out` then is: joined().
  status join(const time_limit& limit, participation*& out);
  [[nodiscard]] status check_alive() const;
  [[nodiscard]] participation* joined() const noexcept {
    return joined_.load(std::memory_order_acquire);
  }
  [[nodiscard]] bool is_open() const noexcept {
    return header_->closed.load(std::memory_order_acquire) == core::closed_state::open;
  }
  /// Asynchronous operations that wait: to receive, to send.
  std::atomic<std::uint32_t> async_waiting[2]{};

  /// True when a waiting call that found nothing is to end.
  [[nodiscard]] bool is_stopping(const time_limit& limit) const noexcept {
    return limit.may_wait() && context_->stop_requested();
  }

 private:
  [[nodiscard]] bool is_well() const noexcept {
    return context_->usable() && header_->corrupt.load(std::memory_order_relaxed) == 0;
  }

  status reserve_slowly(std::size_t size, patience how_long, open_place& out);
  attempt_result try_reserve(participation& me, std::size_t size, open_place& out);
  status take_slowly(patience how_long, taken& out);
  attempt_result try_take(participation& me, taken& out, bool waiting);
  void fill(const core::lease& held, taken& out);
  void fill_from_payload(std::uint32_t size, taken& out);
  status make_way(participation& me, std::size_t size, open_place& out);
  void set_aside(const taken& message, std::string_view why);

  std::shared_ptr<process_context> context_;
  std::unique_ptr<os::queue_memory> memory_;
  core::queue_header* header_;
  std::atomic<participation*> joined_{nullptr};
  std::uint64_t id_;
  std::string name_;
  mutable std::mutex join_mutex_;
  std::unique_ptr<participation> participation_;
};

}  // namespace bulkhead::detail
