#include <bulkhead/actors/from_queue.hpp>

#include <stdexcept>

#include "system_state.hpp"

namespace bulkhead::actors::detail {

feed start_feed(system& sys, std::unique_ptr<feed_input> input, caf::strong_actor_ptr actor,
                const from_queue_options& options) {
  if (!input) throw std::invalid_argument("from_queue: the queue is empty, a handle to nothing");
  if (!actor) throw std::invalid_argument("from_queue: the actor is empty, a handle to nothing");
  if (options.credit == 0)
    throw std::invalid_argument("from_queue: credit is 0, so nothing could ever be handed over");
  return feed(sys.state().add_feed(std::move(input), std::move(actor), options.credit));
}

}  // namespace bulkhead::actors::detail
