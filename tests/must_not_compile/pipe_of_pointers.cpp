// expect: a pointer cannot be in a message
#include <bulkhead/bulkhead.hpp>

void make(bulkhead::runtime& rt) {
  static_cast<void>(bulkhead::make_pipe<int, std::vector<int*>>(rt));
}
