#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "core/supervision/standby_pool.hpp"
#include "unasked_start.hpp"

namespace bulkhead::detail {

/// The spares of one child.
struct standby_crew {
  explicit standby_crew(const child_spec& spec)
      : pool(spec.standby, spec.backoff, spec.start_timeout) {}

  core::standby_pool pool;
  std::map<std::uint32_t, std::shared_ptr<unasked_start>> members;  ///< By serial.
};

}  // namespace bulkhead::detail
