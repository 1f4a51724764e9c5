// expect: publish a queue of its ends
#include <bulkhead/bulkhead.hpp>

void open(bulkhead::runtime& rt, const bulkhead::pipe_end<int, int>& end) {
  static_cast<void>(bulkhead::publish(rt, "/tmp/line", end));
}
