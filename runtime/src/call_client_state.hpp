#pragma once

#include <bulkhead/detail/call_client_core.hpp>
#include <mutex>
#include <vector>

#include "core/calls/call_frame.hpp"
#include "core/calls/slot_table.hpp"
#include "pipe_state.hpp"
#include "waiting.hpp"

namespace bulkhead::detail {

/// A request that has no end yet.
struct pending_call {
  using time_point = request_terms::time_point;

  call_continuation* to = nullptr;
  /// The tail that published it, or the first of its pieces; 0: it is not in the lane (yet).
  std::atomic<std::uint64_t> position{0};
  /// Of one in pieces: the tail that published the first; 0: none is.
  std::atomic<std::uint64_t> first_piece{0};
  bool lost = false;  ///< A dead server had that, and the rest was not all there.
  bool idempotent = false;
  bool waits_for_room = false;  ///< To be sent again.
  bool async = false;           ///< The runtime's thread takes its reply in.
  bool ends_with_server = false;
  time_point deadline = time_point::max();
  std::vector<std::byte> kept;  ///< Of an idempotent one: as it was sent.

  void clear() noexcept {
    to = nullptr;
    begin_anew();
    idempotent = waits_for_room = async = ends_with_server = false;
    deadline = time_point::max();
    kept.clear();
  }
  /// None of it counts as sent.
  void begin_anew() noexcept {
    position.store(0, std::memory_order_relaxed);
    first_piece.store(0, std::memory_order_relaxed);
    lost = false;
  }
  /// False: the thread that makes it hears itself why it cannot. Acquire: who sees the position
  /// sees what is kept.
  [[nodiscard]] bool is_made() const noexcept {
    return waits_for_room || position.load(std::memory_order_acquire) != 0;
  }
};

/// The asking end of a call lane: its requests under way, and their ends.
///
/// A request's slot is opened, its place in the lane is noted in it, then it is published. Whoever
/// takes the reply in closes the slot and tells the continuation; so does whoever finds the server
/// dead. Which requests the dead one had taken is told by where its head stood: those fail, or are
/// sent again; the others lie in the lane, for the next incarnation.
///
/// Lock order: the lane's receiving side, the table, the lane's sending side. Nobody is told under
/// the table's lock.
class call_client_state : public std::enable_shared_from_this<call_client_state> {
 public:
  using time_point = request_terms::time_point;

  explicit call_client_state(pipe_core end);
  call_client_state(const call_client_state&) = delete;
  call_client_state& operator=(const call_client_state&) = delete;

  // Making requests: call_client_state.cpp.
  std::error_code reserve(std::size_t size, call_continuation& to, const request_terms& terms,
                          patience how_long, open_call& out);
  std::error_code publish(open_call& call);
  std::error_code send_copy(std::span<std::byte> bytes, const std::vector<std::uint64_t>& names,
                            call_continuation& to, const request_terms& terms, patience how_long,
                            call_ticket& ticket);
  std::error_code open_parcel(parcel& request, call_continuation& to, const request_terms& terms,
                              call_ticket& ticket);
  std::error_code send_parcel(parcel& request, const call_ticket& ticket, patience how_long);
  /// @returns false: its continuation was told meanwhile.
  bool drop(const call_ticket& ticket);
  void close();

  // Their ends: call_client_ends.cpp.
  std::error_code wait(call_waiter& waiter, const call_ticket& ticket, patience how_long);
  std::error_code pump(patience how_long, const std::atomic<bool>* over = nullptr);
  [[nodiscard]] std::uint32_t pending();
  /// All that are under way fail.
  void fail_all(std::error_code why);

  // The runtime's thread as a reader: call_client_async.cpp.
  void watch_async(time_point deadline);
  bool read_for_async();
  [[nodiscard]] time_point look_again();
  bool abort(const call_ticket& ticket);

  [[nodiscard]] const pipe_core& end() const noexcept { return end_; }
  [[nodiscard]] std::uint32_t deaths_settled() const noexcept {
    return deaths_settled_.load(std::memory_order_relaxed);
  }
  /// The server's process has died, and what it had taken is not settled yet.
  [[nodiscard]] bool is_death_due() const noexcept;

 private:
  using table = core::slot_table<pending_call>;
  using continuations = std::vector<call_continuation*>;

  std::error_code open(call_continuation& to, const request_terms& terms, const time_limit& until,
                       open_call& out);
  bool try_open(call_continuation& to, const request_terms& terms, open_call& out);
  std::error_code all_sent(const call_ticket& ticket, std::error_code sent);
  std::error_code give_up(const call_ticket& ticket, std::error_code why);
  void write_head(std::byte* to, const call_ticket& ticket, const request_terms& terms) const;

  std::error_code take(const wait_break& other, const time_limit& until);
  std::error_code drain();
  std::error_code settle(pipe_message& message);
  std::error_code tell_thrown(call_continuation& to, std::span<const std::byte> bytes);

  void settle_deaths();
  void settle_waiting_death();
  [[nodiscard]] bool is_dead_since(std::uint32_t restarts) const;
  void settle_death(std::uint64_t head, continuations& failing);
  void expire(time_point now);
  void flush();
  void fail_async(std::error_code why);
  /// Under the table's lock. @returns whom to tell.
  call_continuation* end_call(const core::slot_name& name, const pending_call& call) noexcept {
    call_continuation* const to = call.to;
    if (call.async) --async_pending_;
    table_.close(name);
    return to;
  }
  void fail(const continuations& all, std::error_code why);
  [[nodiscard]] time_point next_deadline() const noexcept {
    return time_point(std::chrono::nanoseconds(next_deadline_ns_.load(std::memory_order_relaxed)));
  }

  pipe_core end_;
  pipe_state* lane_;
  std::uint32_t me_;  ///< This process's serial.
  std::mutex mutex_;
  table table_;
  std::vector<call_ticket> backlog_;  ///< To be sent again, in this order.
  std::uint32_t async_pending_ = 0;
  bool has_reader_ = false;
  time_point reader_looks_at_ = time_point::max();
  std::atomic<bool> has_backlog_{false};
  std::atomic<std::int64_t> next_deadline_ns_;
  std::atomic<std::uint64_t> told_{0};         ///< Grows with each end.
  std::atomic<std::uint32_t> deaths_settled_;  ///< Of the server's incarnations.
};

/// What ends a wait for replies besides one: a death to be settled, or a condition of the waiter's.
template <class Condition>
class call_break final : public wait_break {
 public:
  call_break(const call_client_state& client, Condition condition)
      : client_(&client), condition_(std::move(condition)) {}
  [[nodiscard]] bool is_due() const noexcept override {
    return client_->is_death_due() || condition_();
  }

 private:
  const call_client_state* client_;
  Condition condition_;
};

}  // namespace bulkhead::detail
