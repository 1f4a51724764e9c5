// expect: a pointer cannot be in a message
// Only the inspection knows the fields, yet the sentence is the same, and said once.
#include <bulkhead/message.hpp>

class order {
 public:
  template <class Inspector>
  friend bool inspect(Inspector& f, order& x) {
    return f.object(x).fields(f.field("id", x.id_), f.field("customer", x.customer_));
  }

 private:
  int id_ = 0;
  std::vector<char*> customer_;
};

static_assert(bulkhead::detail::require_message<std::vector<order>>());
std::size_t use(const order& x) { return bulkhead::detail::encoded_size(x); }
