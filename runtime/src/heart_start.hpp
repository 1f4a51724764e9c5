#pragma once

#include <memory>

#include "os/child_context.hpp"

namespace bulkhead::detail {

class process_context;
class runtime_state;

/// Gives this process a heart, where its keeper watches it. Before it takes up its endpoints.
/// @errors std::system_error.
void give_heart(os::child_context& start, process_context& context,
                const std::shared_ptr<runtime_state>& rt);

}  // namespace bulkhead::detail
