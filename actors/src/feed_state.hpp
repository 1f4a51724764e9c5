#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/feed_input.hpp>
#include <bulkhead/actors/feed.hpp>
#include <bulkhead/errc.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include "home_process.hpp"
#include "outside_unit.hpp"

namespace bulkhead::actors::detail {

/// A feed at work: a thread takes messages and makes requests of them, and reply actors report how
/// each ended.
///
/// A message is `held` from its take until the answer; its lease is then acknowledged, or
/// `rejected` and released. Rejected leases are released when the thread takes no more, or it would
/// take them itself again. What a pipe gave has no lease, and nothing is to be done for it.
/// @threads any. `abandon` must have been called before it is destroyed. Lock order: nothing is
/// called with `mutex_` held.
class feed_state : public std::enable_shared_from_this<feed_state> {
 public:
  feed_state(caf::actor_system& system, std::unique_ptr<feed_input> input,
             caf::strong_actor_ptr actor, std::size_t credit);
  feed_state(const feed_state&) = delete;
  feed_state& operator=(const feed_state&) = delete;

  /// Starts the thread.
  void start();
  /// Takes no more.
  void stop();
  /// Takes no more, waits for the thread, and releases what is not answered. Where it had not
  /// ended, `join` reports `why`. Repeatable.
  void abandon(std::error_code why);
  /// Waits until it has ended or the deadline has passed. @returns whether it has ended. Throws why
  /// it failed.
  bool join(std::optional<std::chrono::steady_clock::time_point> deadline) const;
  [[nodiscard]] bool ended() const;
  [[nodiscard]] const home_process& home() const noexcept { return home_; }

  // What reply actors report, each about a message once.
  void answered(std::uint64_t message) noexcept;
  void failed(std::uint64_t message, const caf::error& reason) noexcept;
  void dropped(std::uint64_t message) noexcept;
  /// The actor has ended.
  void actor_exited(const caf::error& reason);

 private:
  using lease_map = std::map<std::uint64_t, std::unique_ptr<lease>>;

  void run() noexcept;
  void take_all();
  void hand_over(leased_message message);
  [[nodiscard]] bool give(std::uint64_t message, caf::message content);
  [[nodiscard]] bool wait_for_room(std::uint64_t message, std::chrono::milliseconds how_long);
  void finish() noexcept;
  [[nodiscard]] bool wait_for_credit();
  [[nodiscard]] bool wait_for_answers();
  void reject(std::uint64_t message, std::error_code why, const std::string& reason) noexcept;
  [[nodiscard]] bool is_down(const caf::error& reason) const;
  [[nodiscard]] std::string text_of(const caf::error& reason) const;
  [[nodiscard]] bool is_refused(std::uint64_t message) noexcept;
  [[nodiscard]] bool is_optional(std::uint64_t message) const noexcept;
  void settled(std::size_t count) noexcept;
  static std::size_t release_in_order(lease_map leases);

  // With mutex_ held.
  [[nodiscard]] bool going() const { return !stopping_ && !failure_; }
  [[nodiscard]] bool over() const { return taking_ended_ && unsettled_ == 0; }
  [[nodiscard]] bool join_returns() const {
    return over() || (taking_ended_ && failure_code_ == bulkhead::errc::stop_requested);
  }
  void record(std::error_code why, const std::string& reason);

  caf::actor_system& system_;  // while somebody of it is there: the thread, or who answers
  const bool is_elsewhere_;    // or with others behind a handle: their ends are told as errors
  outside_unit unit_;          // a stop is to end the thread, whoever has no room
  std::unique_ptr<feed_input> input_;  // used by the thread alone
  const std::string source_;
  const std::size_t credit_;
  const home_process home_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  caf::strong_actor_ptr actor_;  // until the thread ends; kept longer it would keep the actor alive
  lease_map held_;
  lease_map rejected_;
  std::uint64_t next_message_ = 0;
  std::size_t unsettled_ = 0;            // held, rejected, or being settled
  std::optional<std::uint64_t> giving_;  // what the thread hands over now
  bool is_refused_ = false;              // that one is: there was no room on the way
  std::thread::id giver_;
  bool stopping_ = false;
  bool taking_ended_ = false;
  bool actor_down_ = false;
  std::string down_reason_;
  std::exception_ptr failure_;
  std::error_code failure_code_;

  std::mutex thread_mutex_;  // joined once
  std::thread thread_;
};

}  // namespace bulkhead::actors::detail
