#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/pool_policy.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "pool_order.hpp"

namespace bulkhead::actors::detail {

class supervised_peer;

/// The workers of a pool, and who gets what.
/// @threads any. Lock order: nothing is called with `mutex_` held.
class pool_state : public std::enable_shared_from_this<pool_state> {
 public:
  pool_state(pool_policy policy, std::uint32_t max_attempts)
      : policy_(std::move(policy)), max_attempts_(max_attempts) {}

  void add(const caf::strong_actor_ptr& worker);
  bool remove(const caf::strong_actor_ptr& worker);
  [[nodiscard]] std::vector<caf::strong_actor_ptr> workers() const;
  /// Gives a message to whom the policy says. @returns the error that a request is answered with.
  caf::error give(caf::mailbox_element_ptr& message, compat::unit* host);
  /// Gives one that has failed to another. @returns false: there is none.
  bool give_again(pool_order& order, compat::unit* host);
  /// The pool ends, and takes its workers with it. Waits for none that has no room.
  void end(const caf::error& reason);

 private:
  struct worker {
    caf::strong_actor_ptr actor;
    std::uint64_t number = 0;               ///< Never used again.
    supervised_peer* supervised = nullptr;  ///< Where it is such a one.
    std::shared_ptr<worker_load> load = std::make_shared<worker_load>(0);
  };
  struct chosen {
    caf::strong_actor_ptr actor;
    std::shared_ptr<worker_load> load;
  };

  // With the mutex, as are those that it calls.
  [[nodiscard]] std::optional<chosen> choose(std::optional<std::size_t> key,
                                             const worker_load* besides);
  [[nodiscard]] const worker* in_turn(const worker_load* besides);
  [[nodiscard]] const worker* by_key(std::size_t key, const worker_load* besides) const;
  [[nodiscard]] const worker* pick(const worker_load* besides, bool also_away);

  void hand_over(pool_order& order, const chosen& to, compat::unit* host);
  caf::error give_all(caf::mailbox_element_ptr& message, compat::unit* host);
  void forget(std::uint64_t number);

  const pool_policy policy_;
  const std::uint32_t max_attempts_;

  mutable std::mutex mutex_;
  std::vector<worker> workers_;
  std::uint64_t next_number_ = 1;
  std::size_t next_ = 0;  ///< Whose turn it is.
};

}  // namespace bulkhead::actors::detail
