// expect: a C array cannot be in a message
#include <bulkhead/message.hpp>

struct order {
  int id;
  char* lines[4];
};

static_assert(bulkhead::detail::require_message<order>());
