#pragma once

#include "os/child_context.hpp"

namespace bulkhead::detail {

class given_endpoints;
class process_context;

/// In a spare that is prepared: waits until it is promoted, then has its incarnation and a seat for
/// each of its queues. @errors std::system_error.
void wait_for_promotion(os::child_context& start, process_context& context,
                        given_endpoints& endpoints);

}  // namespace bulkhead::detail
