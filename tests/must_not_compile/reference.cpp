// expect: a reference cannot be in a message
#include <bulkhead/message.hpp>

static_assert(bulkhead::detail::require_message<int&>());
