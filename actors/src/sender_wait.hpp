#pragma once

#include <caf/scoped_execution_unit.hpp>

namespace bulkhead::actors::detail {

/// True for who sends by a plain thread or a scoped actor; a worker, or a pump, has other actors to
/// run.
inline bool may_wait(const caf::execution_unit* host) {
  return host == nullptr || dynamic_cast<const caf::scoped_execution_unit*>(host) != nullptr;
}

}  // namespace bulkhead::actors::detail
