// expect: a reference, a const member or one
#include <bulkhead/message.hpp>

struct order {
  int& id;
};

static_assert(bulkhead::detail::require_message<order>());
