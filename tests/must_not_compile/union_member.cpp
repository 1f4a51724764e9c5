// expect: a union cannot be in a message
#include <bulkhead/message.hpp>

union number {
  int whole;
  float real;
};
struct order {
  number amount;
};

static_assert(bulkhead::detail::require_message<order>());
