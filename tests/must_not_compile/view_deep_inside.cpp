// expect: a view cannot be in a message
#include <bulkhead/message.hpp>

struct line {
  std::string_view text;
};
struct order {
  std::map<int, std::vector<std::optional<line>>> lines;
};

static_assert(bulkhead::detail::require_message<order>());
