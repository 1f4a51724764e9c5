#include <bulkhead/actors/detail/actor_lane.hpp>

#include <caf/make_message.hpp>
#include <caf/message.hpp>

namespace bulkhead::actors::detail {

error_record record_of(const caf::error& reason) {
  if (!reason) return {};
  error_record made{false, reason.code(), static_cast<std::uint64_t>(reason.category()), {}};
  const caf::message& context = reason.context();
  if (context.match_elements<std::string>()) {
    made.context = context.get_as<std::string>(0);
  } else if (!context.empty()) {
    made.context = caf::to_string(context);
  }
  return made;
}

caf::error error_of(const error_record& record) {
  if (record.none) return {};
  const auto category = static_cast<caf::atom_value>(record.category);
  if (record.context.empty()) return {record.code, category};
  return {record.code, category, caf::make_message(record.context)};
}

}  // namespace bulkhead::actors::detail
