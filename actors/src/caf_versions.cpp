// What CAF 1.x needs to be told of our types; 0.17 nothing.
#include <bulkhead/actors/caf_versions.hpp>

#if !BULKHEAD_CAF_0_17

#include <bulkhead/actors/registry.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/actors/supervised.hpp>
#include <bulkhead/actors/supervisor_actor.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/byte_buffer.hpp>
#include <caf/init_global_meta_objects.hpp>

namespace bulkhead::actors::compat {

std::string to_string(our_code code) {
  return detail::text_of(static_cast<std::uint8_t>(code), caf::message());
}

// Errors are made of their enumerations only, so they travel as CAF writes them.
std::string text_to_travel(const caf::error& reason) {
  caf::byte_buffer bytes;
  caf::error travels = reason;
  if (!caf::binary_serializer(bytes).apply(travels)) {
    // What is beside its code is of this process alone.
    bytes.clear();
    const auto text = caf::make_message(caf::to_string(reason));
    const bool ours = reason.category() == our_category;
    travels = ours ? our_error(reason.code(), text) : caf::error(caf::sec::runtime_error, text);
    static_cast<void>(caf::binary_serializer(bytes).apply(travels));
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

caf::error error_of(std::uint8_t, std::uint64_t, const std::string& text) {
  caf::error made;
  caf::binary_deserializer from(caf::as_bytes(caf::make_span(text)));
  return from.apply(made) ? made : caf::error(caf::sec::invalid_argument);
}

std::string render(caf::actor_system&, const caf::error& reason) {
  return reason && reason.category() == our_category
             ? detail::text_of(reason.code(), reason.context())
             : caf::to_string(reason);
}

void prepare(caf::actor_system_config&, std::string (*)(std::uint8_t, const caf::message&)) {
  caf::core::init_global_meta_objects();
  caf::init_global_meta_objects<caf::id_block::bulkhead_actors>();
  caf::init_global_meta_objects<caf::id_block::bulkhead_supervision>();
}

}  // namespace bulkhead::actors::compat

#endif
