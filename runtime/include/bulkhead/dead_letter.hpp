#pragma once

#include <bulkhead/exit_status.hpp>
#include <bulkhead/message_id.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace bulkhead {

/// A message that used up its deliveries, and how its takers ended.
template <class T>
struct dead_letter {
  T value;
  message_id id;                     ///< In the queue that it was sent to.
  std::uint32_t attempts = 0;        ///< Deliveries that count against max_attempts.
  std::vector<exit_status> reasons;  ///< How its takers ended, the last 8, oldest first.
  std::string note;                  ///< Why it is here, in a sentence.
};

}  // namespace bulkhead
