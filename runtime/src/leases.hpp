#pragma once

#include <bulkhead/detail/queue_core.hpp>

#include "core/consumer.hpp"

namespace bulkhead::detail {

inline core::lease lease_of(const taken& message) noexcept {
  const core::slot_word word{message.word};
  return {message.lane(), core::make_position(word.lap(), message.index()), word};
}

inline core::position position_of(const taken& message) noexcept {
  return lease_of(message).position;
}

}  // namespace bulkhead::detail
