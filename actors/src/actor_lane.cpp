#include <bulkhead/actors/detail/actor_lane.hpp>

#include <bulkhead/actors/compat.hpp>

namespace bulkhead::actors::detail {

std::string too_large_text(std::size_t bytes) {
  const std::string most = "a message to an actor in another process may take " +
                           std::to_string(message_bytes_max) + " bytes";
  if (bytes >= bulkhead::detail::oversize) return "this one cannot be encoded; " + most;
  return "this one takes " + std::to_string(bytes) + " bytes; " + most;
}

error_record record_of(const caf::error& reason) {
  if (!reason) return {};
  return {false, reason.code(), static_cast<std::uint64_t>(reason.category()),
          compat::text_to_travel(reason)};
}

caf::error error_of(const error_record& record) {
  if (record.none) return {};
  return compat::error_of(record.code, record.category, record.context);
}

}  // namespace bulkhead::actors::detail
