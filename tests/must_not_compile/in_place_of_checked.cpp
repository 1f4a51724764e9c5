// expect: can be read in place
#include <bulkhead/bulkhead.hpp>

// Not every byte is a bool.
struct answer {
  bool yes;
};
void look(const bulkhead::queue<answer>& q) { static_cast<void>(q.take_in_place()); }
