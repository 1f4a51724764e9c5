#pragma once

#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <span>

namespace bulkhead::actors::detail {

/// An error as the other side wrote it, or `corrupt`.
inline caf::error decode_error(std::span<const std::byte> bytes) {
  error_record record;
  if (!bulkhead::detail::decode_all(bytes, record)) return error_for(errc::corrupt);
  return error_of(record);
}

}  // namespace bulkhead::actors::detail
