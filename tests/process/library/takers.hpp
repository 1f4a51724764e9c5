#pragma once

#include <unistd.h>
#include <bulkhead/bulkhead.hpp>

namespace bulkhead_test {

/// A child that takes one message, says so, and holds it until it is killed.
inline void take_and_hold(bulkhead::queue<int> from, bulkhead::queue<int> taken) {
  auto d = from.take();
  taken.send(*d);
  for (;;) pause();
}

}  // namespace bulkhead_test
