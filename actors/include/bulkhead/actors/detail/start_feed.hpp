#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/feed_input.hpp>
#include <bulkhead/actors/feed.hpp>
#include <bulkhead/actors/system.hpp>
#include <memory>

namespace bulkhead::actors::detail {

/// Makes a feed of messages of any type. @limits kind: the call, for the texts of errors.
feed start_feed(system& sys, const char* kind, std::unique_ptr<feed_input> input,
                caf::strong_actor_ptr actor, const feed_options& options);

}  // namespace bulkhead::actors::detail
