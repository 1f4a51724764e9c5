#pragma once

#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/message.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "core/consumer.hpp"
#include "core/forward.hpp"
#include "core/producer.hpp"
#include "os/queue_memory.hpp"
#include "waiting.hpp"

namespace bulkhead::detail {

class process_context;

/// A seat as the keeper gives it.
struct seat_grant {
  std::uint32_t seat = 0;
  std::uint32_t epoch = 0;
  std::uint64_t sent_before =
      0;  ///< Messages that former owners of the seat sent, who were not this child.
};

/// What this process knows of one queue: the mapped segment, its seat, and the private halves of
/// both sides. All handles of the process share it; when the last goes the keeper is told.
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

  std::error_code reserve(std::size_t size, patience how_long, open_place& out);
  std::error_code publish(open_place& place);
  void unlock_lane();
  std::error_code sent(std::uint64_t& out);

  std::error_code take(patience how_long, taken& out);
  std::optional<std::span<const std::byte>> payload(const taken& message);
  void acknowledge(const taken& message);
  void release(const taken& message);
  std::error_code forward(const taken& message, queue_state& out, const result_source& results,
                          patience how_long);

  /// Whether a receiving call would return at once, with a message or an error.
  [[nodiscard]] bool is_ready() const;
  void close();
  [[nodiscard]] std::uint32_t known_seat() const;
  std::error_code mark_corrupt();

  [[nodiscard]] const core::queue_view& view() const noexcept { return memory_->view(); }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] process_context& context() const noexcept { return *context_; }

 private:
  // All that needs a seat.
  struct participation {
    participation(const core::queue_view& view, os::queue_memory& memory, const seat_grant& grant);
    std::uint32_t claim_record();
    void free_record(std::uint32_t record);
    core::consumer consumer;
    core::producer producer;
    waiting_room receivers;
    waiting_room senders;
    std::mutex receive_mutex;
    std::mutex lane_mutex;
    std::uint64_t sent_before;
    std::mutex record_mutex;
    std::condition_variable record_freed;
    std::uint64_t records_used = 0;
  };

  std::error_code join(patience how_long, participation*& out);
  std::error_code check_alive() const;
  attempt_result try_reserve(participation& me, std::size_t size, open_place& out);
  attempt_result try_take(participation& me, taken& out, bool waiting);
  attempt_result try_forward(participation& me, const core::lease& held, queue_state& out,
                             const result_source& results);

  std::shared_ptr<process_context> context_;
  std::uint64_t id_;
  std::string name_;
  std::unique_ptr<os::queue_memory> memory_;
  mutable std::mutex join_mutex_;
  std::atomic<participation*> joined_{nullptr};
  std::unique_ptr<participation> participation_;
};

}  // namespace bulkhead::detail
