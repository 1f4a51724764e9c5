#include <bulkhead/actors/pool.hpp>

#include <stdexcept>
#include <utility>

#include "pool_state.hpp"
#include "stand_in.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

namespace {

class pool_proxy final : public stand_in {
 public:
  pool_proxy(caf::actor_config& config, std::shared_ptr<pool_state> state)
      : stand_in(config), state_(std::move(state)) {}

 private:
  caf::error pass_on(caf::mailbox_element_ptr& message, compat::unit* host) override {
    const auto& content = message->content();
    if (!content.match_elements<caf::exit_msg>()) return state_->give(message, host);
    if (const caf::error reason = content.get_as<caf::exit_msg>(0).reason) {
      state_->end(reason);
      kill_proxy(host, reason);
    }
    return {};
  }

  std::shared_ptr<pool_state> state_;
};

}  // namespace

std::shared_ptr<pool_state> start_pool(system& sys, const pool_options& options,
                                       caf::strong_actor_ptr& actor) {
  if (options.max_attempts == 0) {
    throw std::invalid_argument("pool: max_attempts is 0, so nothing could ever be given");
  }
  auto state = std::make_shared<pool_state>(options.policy, options.max_attempts);
  actor = compat::make_proxy<pool_proxy>(sys.caf(), state);
  return state;
}

void add_worker(pool_state& pool, const caf::strong_actor_ptr& worker) {
  if (!worker) throw std::invalid_argument("pool: a worker is empty, a handle to nothing");
  pool.add(worker);
}

bool remove_worker(pool_state& pool, const caf::strong_actor_ptr& worker) {
  return pool.remove(worker);
}

std::vector<caf::strong_actor_ptr> workers_of(const pool_state& pool) { return pool.workers(); }

}  // namespace bulkhead::actors::detail
