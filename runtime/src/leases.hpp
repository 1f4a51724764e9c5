#pragma once

#include <bulkhead/detail/queue_core.hpp>

#include "core/consumer.hpp"

namespace bulkhead::detail {

inline core::lease lease_of(const taken& message) noexcept {
  return {message.lane, message.position, core::slot_word{message.word}};
}

}  // namespace bulkhead::detail
