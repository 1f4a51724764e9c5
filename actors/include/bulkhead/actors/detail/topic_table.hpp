#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/overflow.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace bulkhead::actors::detail {

class outside_unit;

/// What a broker is told.
struct topic_terms {
  std::size_t capacity = 0;
  std::size_t credit = 0;
  bulkhead::overflow overflow = bulkhead::overflow::drop_oldest;
};

/// Who is subscribed to what, and what each has not handled yet: with a subscriber are at most
/// `credit` messages, each a request that it has not answered; `capacity` more wait for it here.
/// @threads any; nobody is held up but in a publish that waits. Lock order: nothing is called with
/// `mutex_` held.
class topic_table : public std::enable_shared_from_this<topic_table> {
 public:
  topic_table(caf::actor_system& system, const topic_terms& terms);
  ~topic_table();

  /// Gives a message to all who are subscribed to its topic, or does as the overflow policy says.
  /// @returns full: there is no room for it with one of them, and it did not wait, or is refused;
  /// timed_out: there was none in that time.
  std::error_code publish(const std::string& topic, const caf::message& what,
                          std::chrono::milliseconds how_long);
  void subscribe(const std::string& topic, const caf::strong_actor_ptr& who);
  void unsubscribe(const std::string& topic, const caf::strong_actor_ptr& who);
  /// Calls `caller` when `tend` is to be called, some time later. Before it is used.
  void call_by(std::function<void()> caller) { call_ = std::move(caller); }
  /// Hands out what there was no room for on the way. @returns true: there is none still.
  bool tend();
  /// Nobody is subscribed any more, nor will be.
  void clear();
  [[nodiscard]] overflow_counters counters() const;

 private:
  class reply;
  struct subscription {
    caf::strong_actor_ptr actor;
    std::set<std::string> topics;
    std::deque<caf::message> waiting;
    std::size_t unanswered = 0;
    std::uint64_t given = 0;     ///< How many it was handed.
    std::thread::id giver = {};  ///< Who hands it messages, one thread at a time.
    bool is_refused = false;     ///< The last one was: there was no room on the way.
    bool is_stalled = false;     ///< It is to be looked after.
  };
  using subscription_ptr = std::shared_ptr<subscription>;
  using subscriptions = std::vector<subscription_ptr>;

  // With the mutex.
  [[nodiscard]] subscriptions::iterator find(const caf::strong_actor_ptr& who);
  [[nodiscard]] subscriptions subscribed(const std::string& topic) const;
  [[nodiscard]] bool has_room(const subscriptions& all) const;
  void put(subscription& to, const caf::message& what);
  void put_back(subscription& to, caf::message what);

  void hand_out(const subscription_ptr& to);
  [[nodiscard]] std::uint64_t next_for(subscription& to, caf::message& what);
  void answered(const subscription_ptr& by);
  void refused(const subscription_ptr& by, std::uint64_t number, caf::message what);
  void ended(const subscription_ptr& who);

  caf::actor_system& system_;
  const topic_terms terms_;
  const std::unique_ptr<outside_unit> unit_;  ///< In whose name subscribers are sent to.
  std::function<void()> call_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  subscriptions all_;
  bool is_over_ = false;
  overflow_counters counters_;
};

}  // namespace bulkhead::actors::detail
