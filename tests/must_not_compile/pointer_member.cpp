// expect: a pointer cannot be in a message
#include <bulkhead/message.hpp>

struct order {
  int id;
  const char* customer;
};

static_assert(bulkhead::detail::require_message<order>());
