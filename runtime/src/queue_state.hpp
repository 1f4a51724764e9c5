#pragma once

#include <bulkhead/detail/async_line.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/message.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "heart.hpp"
#include "lease_pin.hpp"
#include "os/queue_memory.hpp"
#include "os/wiped_page.hpp"
#include "participation.hpp"
#include "process_context.hpp"

namespace bulkhead::detail {

/// What this process knows of one queue: the mapped segment, and with the first call that needs one
/// its seat. All handles of the process share it; when the last goes the keeper is told.
///
/// A message call tries its port first (detail/queue_port.hpp), which holds what need not be looked
/// up; it comes here when that has nothing.
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

  status reserve(std::size_t size, patience how_long, open_place& out, std::size_t lead);
  status lend_block(std::uint64_t bytes, patience how_long, payload_block& out, std::byte*& at);
  void give_back(const payload_block& block) noexcept;
  status reserve_lent(const payload_block& block, std::size_t size, std::size_t lead,
                      patience how_long, open_place& out);
  status publish(open_place& place);
  void unlock_lane();
  status heed_sent();
  bool lend_places() noexcept;
  status sent(std::uint64_t& out);

  status take(patience how_long, taken& out);
  status bytes_of(const taken& message, std::span<const std::byte>& out);
  status acknowledge(const taken& message) noexcept;
  void heed_freed(const taken& message) noexcept;
  status release(const taken& message) noexcept;
  status delay(const taken& message, std::chrono::milliseconds time);
  status reject(const taken& message, std::string_view why);
  status extend(const taken& message, std::chrono::milliseconds time);
  [[nodiscard]] lease_pin& leases() noexcept { return leases_; }
  /// The last handle, `self`, is gone.
  static void abandon(std::shared_ptr<queue_state> self) noexcept;
  [[nodiscard]] std::vector<in_flight_message> in_flight() const;

  /// Waits until every message is settled.
  status join_all(patience how_long);
  /// Looks once. @returns full: some are not settled, and the senders' bell rings when they are.
  status join_or_announce();
  /// Whether a receiving call would return at once, with a message or an error.
  [[nodiscard]] bool is_ready() const;
  void close();
  /// Lets every wait of this process look again.
  void rouse();
  [[nodiscard]] std::uint32_t known_seat() const;
  status mark_corrupt();

  [[nodiscard]] queue_ports& ports() noexcept { return *ports_; }
  [[nodiscard]] const core::queue_view& view() const noexcept { return memory_->view(); }
  /// The eventfd that is rung for those that wait for descriptors, to receive or to send.
  /// @errors std::system_error: no descriptors.
  [[nodiscard]] int bell(bool sending) const { return memory_->kept().bell(sending ? 1 : 0); }
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
    return header_->signs.closed.load(std::memory_order_acquire) == core::closed_state::open;
  }
  /// Asynchronous operations that wait, by their line.
  std::atomic<std::uint32_t> async_waiting[async_lines]{};

  /// True when a waiting call that found nothing is to end.
  [[nodiscard]] bool is_stopping(const time_limit& limit) const noexcept {
    return limit.may_wait() && context_->stop_requested();
  }

 private:
  template <class Find>
  attempt_result try_reserve(participation& me, open_place& out, Find find);
  status find_room(attempt& step, participation& me, const time_limit& limit,
                   bool has_message = true);
  void wake_receiver() const;
  attempt_result try_take(participation& me, taken& out, bool waiting);
  void fill(const core::lease& held, std::uint32_t now_ms, taken& out);
  [[nodiscard]] std::uint32_t taken_ms(std::uint32_t lane, std::uint32_t index,
                                       std::uint32_t owner) const;
  status make_way(participation& me, attempt& step, bool has_message);
  bool set_aside(const taken& message, std::string_view why);
  void beat() const noexcept {
    if (auto* const heart = view().os().heart) heart->beat();
  }
  status find_bytes(const taken& message, std::span<const std::byte>& out);

  std::shared_ptr<process_context> context_;
  std::unique_ptr<os::queue_memory> memory_;
  os::wiped_page page_;
  queue_ports* ports_;
  watched_gates gates_;
  lease_pin leases_;
  core::queue_header* header_;
  std::atomic<participation*> joined_{nullptr};
  std::uint64_t id_;
  std::string name_;
  mutable std::mutex join_mutex_;
  std::unique_ptr<participation> participation_;
};

}  // namespace bulkhead::detail
