#include <bulkhead/actors/detail/start_feed.hpp>

#include <stdexcept>
#include <string>

#include "system_state.hpp"

namespace bulkhead::actors::detail {

feed start_feed(system& sys, const char* kind, std::unique_ptr<feed_input> input,
                caf::strong_actor_ptr actor, const feed_options& options) {
  const auto refuse = [&](const char* why) {
    throw std::invalid_argument(std::string(kind) + ": " + why);
  };
  if (!input) refuse("what it is to take from is empty, a handle to nothing");
  if (!actor) refuse("the actor is empty, a handle to nothing");
  if (options.credit == 0) refuse("credit is 0, so nothing could ever be handed over");
  return feed(sys.state().add_feed(std::move(input), std::move(actor), options.credit));
}

}  // namespace bulkhead::actors::detail
