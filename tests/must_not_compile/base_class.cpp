// expect: a struct with a base class cannot be
#include <bulkhead/message.hpp>

struct base {
  int id;
};
struct order : base {
  int amount;
};

static_assert(bulkhead::detail::require_message<order>());
