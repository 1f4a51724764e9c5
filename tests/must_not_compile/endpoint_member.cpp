// expect: this endpoint cannot be in a message
#include <bulkhead/message.hpp>

struct door {};

template <>
struct bulkhead::detail::endpoint_codec<door> {
  static void write(encoder&, const door&) {}
  static door read(decoder&) { return {}; }
  static constexpr std::uint64_t fingerprint() { return 1; }
};

struct order {
  door way_in;
};

static_assert(bulkhead::detail::require_spawn_argument<order>());
static_assert(bulkhead::detail::require_message<order>());
