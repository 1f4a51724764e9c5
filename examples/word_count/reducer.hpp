#pragma once

#include "live_numbers.hpp"
#include "messages.hpp"
#include "outcome.hpp"

#include <bulkhead/message_id.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <cstdint>
#include <memory>
#include <vector>

namespace word_count {

/// Says to the reducer that it has all partials, and what they are to be checked against.
struct closing {
  std::uint64_t pieces = 0;                ///< As the lister counted them.
  std::vector<bulkhead::message_id> dead;  ///< Pieces that nobody could count.
};

/// Adds up partials; the answer to `closing` hands over the sum.
using reducer_actor = caf::typed_actor<caf::reacts_to<partial>,
                                       caf::replies_to<closing>::with<std::shared_ptr<outcome>>>;

/// What the reducer has added up, and which pieces.
struct reducer_state {
  std::shared_ptr<outcome> sum = std::make_shared<outcome>();
  std::vector<bulkhead::message_id> jobs;
};

/// The reducer's behaviour; `live` outlives it.
reducer_actor::behavior_type reduce(reducer_actor::stateful_pointer<reducer_state> self,
                                    live_numbers* live);

}  // namespace word_count

// The answer never leaves the process, so CAF need not know how to write it.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(word_count::closing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<word_count::outcome>)
