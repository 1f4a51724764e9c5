// expect: this type cannot be in a message
#include <bulkhead/message.hpp>

class order {
 public:
  int id;

 private:
  [[maybe_unused]] int secret_;
};

static_assert(bulkhead::detail::require_message<order>());
