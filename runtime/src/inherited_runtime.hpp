#pragma once

#include <bulkhead/runtime.hpp>
#include <memory>

namespace bulkhead::detail {

/// Makes this program, which a `command` with endpoints started, the child that it is. `rt` becomes
/// what this_process::runtime() gives.
/// @errors bulkhead::error not_initialised, unsupported, corrupt.
std::shared_ptr<runtime_state> take_up_inheritance(runtime& rt);

}  // namespace bulkhead::detail
