#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/pool_policy.hpp>
#include <bulkhead/actors/system.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace bulkhead::actors {

struct pool_options {
  pool_policy policy = pool_policy::round_robin();
  /// How many workers a request may be given to, one after the other: 1 or more. Above 1 a request
  /// whose worker died, or has no room for it, goes to another; what the dead one had begun is then
  /// begun twice. No matter for broadcast.
  std::uint32_t max_attempts = 1;
};

namespace detail {
class pool_state;

std::shared_ptr<pool_state> start_pool(system& sys, const pool_options& options,
                                       caf::strong_actor_ptr& actor);
void add_worker(pool_state& pool, const caf::strong_actor_ptr& worker);
bool remove_worker(pool_state& pool, const caf::strong_actor_ptr& worker);
std::vector<caf::strong_actor_ptr> workers_of(const pool_state& pool);
}  // namespace detail

/// Actors of one type behind one handle: each message goes to one of them, or to all, as the policy
/// says. The workers may be local actors, actors in processes of their own, supervised ones, of
/// other processes, and other pools.
///
/// The pool has no mailbox: a message is given to its worker in the thread that sends it, so
/// nothing waits here, and a full worker refuses or lets wait as it would without the pool. Workers
/// answer straight to who asked.
///
/// A worker that ends leaves the pool. A supervised one stays: the pool's other workers serve while
/// it is started again (but not its keys, which are its own). What is asked of a pool without
/// workers is answered with sec::request_receiver_down, other messages are lost. As with CAF's own
/// pool, an exit message to the pool goes on to all workers, and ends it.
/// @threads any. A copy is a handle to the same pool.
/// @owns handles to its workers, until they leave or the last handle to the pool goes.
/// @crash of a worker: what it had is lost with it; requests fail at once, or go to another
/// (pool_options::max_attempts).
template <class Handle>
class pool {
 public:
  /// @errors std::invalid_argument: no attempts; an empty worker.
  explicit pool(system& sys, const std::vector<Handle>& workers = {},
                const pool_options& options = {}) {
    caf::strong_actor_ptr actor;
    state_ = detail::start_pool(sys, options, actor);
    handle_ = caf::actor_cast<Handle>(std::move(actor));
    for (const Handle& worker : workers) add(worker);
  }

  /// The handle that stands for all of them: to be sent to, asked, monitored, handed on.
  [[nodiscard]] const Handle& handle() const noexcept { return handle_; }

  /// Adds a worker; one that is there already is not there twice.
  void add(const Handle& worker) const { detail::add_worker(*state_, pointer(worker)); }
  /// Takes a worker out, which goes on with what it has. @returns false: it was not in.
  bool remove(const Handle& worker) const {
    return detail::remove_worker(*state_, pointer(worker));
  }
  /// Those in it now, in the order in which they came.
  [[nodiscard]] std::vector<Handle> workers() const {
    std::vector<Handle> all;
    for (auto& one : detail::workers_of(*state_)) {
      all.push_back(caf::actor_cast<Handle>(std::move(one)));
    }
    return all;
  }
  [[nodiscard]] std::size_t size() const { return detail::workers_of(*state_).size(); }

 private:
  static caf::strong_actor_ptr pointer(const Handle& worker) {
    return caf::actor_cast<caf::strong_actor_ptr>(worker);
  }

  std::shared_ptr<detail::pool_state> state_;
  Handle handle_;
};

}  // namespace bulkhead::actors
