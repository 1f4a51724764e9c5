#pragma once

#include <atomic>
#include <bulkhead/actors/compat.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace bulkhead::actors::detail {

class pool_state;

/// How many messages a worker of a pool has.
using worker_load = std::atomic<std::uint32_t>;

/// One message of a pool, as the sender of which its worker knows it: counts for the worker for as
/// long as that has it, passes the answer on to who asked, and goes to another worker where it may.
class pool_order final : public compat::proxy {
 public:
  /// @limits attempts: how many workers more it may be given to.
  pool_order(caf::actor_config& config, std::weak_ptr<pool_state> pool,
             const caf::mailbox_element& original, caf::message content,
             std::optional<std::size_t> key, std::uint32_t attempts)
      : proxy(config),
        pool_(std::move(pool)),
        sender_(original.sender),
        id_(original.mid),
        key_(key),
        content_(std::move(content)),
        attempts_(attempts) {}
  ~pool_order() override;

  /// Counts for that worker from now on.
  void count_for(std::shared_ptr<worker_load> load);
  /// Whom it counts for.
  [[nodiscard]] std::shared_ptr<worker_load> load();
  [[nodiscard]] std::optional<std::size_t> key() const noexcept { return key_; }
  /// The message, for the next worker.
  [[nodiscard]] caf::mailbox_element_ptr element();

 private:
  void receive(caf::mailbox_element_ptr& message, compat::unit* host) override;
  [[nodiscard]] bool may_try_again(const caf::mailbox_element& answer);

  // Weak: a worker that keeps its promises would keep itself alive.
  const std::weak_ptr<pool_state> pool_;
  const caf::strong_actor_ptr sender_;
  const caf::message_id id_;
  const std::optional<std::size_t> key_;
  std::atomic<bool> is_answered_{false};

  // An answer and a copy of it may come at one time.
  std::mutex mutex_;
  caf::message content_;
  std::uint32_t attempts_;
  std::shared_ptr<worker_load> load_;
};

/// A request to all workers of a pool: has the first answer that is no error.
class pool_question final : public compat::proxy {
 public:
  pool_question(caf::actor_config& config, const caf::mailbox_element& original,
                std::size_t workers)
      : proxy(config), sender_(original.sender), id_(original.mid), left_(workers) {}
  ~pool_question() override;

 private:
  void receive(caf::mailbox_element_ptr& message, compat::unit* host) override;

  const caf::strong_actor_ptr sender_;
  const caf::message_id id_;
  std::atomic<std::size_t> left_;  ///< Workers that have not failed.
  std::atomic<bool> is_answered_{false};
};

}  // namespace bulkhead::actors::detail
