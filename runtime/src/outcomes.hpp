#pragma once

#include <cerrno>

#include "core/producer.hpp"
#include "waiting.hpp"

namespace bulkhead::detail {

inline status status_of(core::outcome outcome) noexcept {
  switch (outcome) {
    case core::outcome::done:
      return {};
    case core::outcome::closed:
      return errc::closed;
    case core::outcome::too_large:
      return errc::too_large;
    case core::outcome::no_memory:
      return status::of_system(ENOMEM);
    case core::outcome::full:
      return errc::full;
    case core::outcome::lease_lost:
      return errc::lease_lost;
  }
  return errc::corrupt;
}

/// Full is what a call waits for; everything else ends it.
inline attempt_result ended_unless_full(core::outcome outcome) noexcept {
  if (outcome == core::outcome::full) return std::nullopt;
  return status_of(outcome);
}

}  // namespace bulkhead::detail
