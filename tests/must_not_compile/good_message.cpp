// expect: nothing
// The control: were this refused, the refusals beside it would mean nothing.
#include <bulkhead/message.hpp>

struct order {
  int id;
  std::vector<std::string> lines;
};

static_assert(bulkhead::detail::require_message<order>());
static_assert(bulkhead::detail::require_message<std::map<int, order>>());
