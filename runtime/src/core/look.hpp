#pragma once

#include <cstdint>

namespace bulkhead::core {

/// How hard a look for room tries. Both find a lane empty that is.
enum class look : std::uint8_t {
  quick,     ///< What is settled in order, where that is a good part; another look will follow.
  thorough,  ///< All that is settled: the caller sleeps or gives up next.
};

}  // namespace bulkhead::core
