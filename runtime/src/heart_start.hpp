#pragma once

#include <memory>

#include "os/child_context.hpp"

namespace bulkhead::detail {

class process_context;
class process_heart;
class runtime_state;

/// Gives this process a heart, where its keeper watches it. Before it maps its endpoints.
/// @returns nullptr: nobody watches it. @errors std::system_error.
[[nodiscard]] process_heart* give_heart(os::child_context& start, process_context& context);

/// Starts its thread. @limits nullptr: nothing happens. @errors std::system_error.
void start_heart(process_heart* heart, const std::shared_ptr<runtime_state>& rt);

}  // namespace bulkhead::detail
