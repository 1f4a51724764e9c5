#include "process/keeper_support/child.hpp"

#include <cstdio>

namespace bulkhead_test {

int run_child(bulkhead::os::child_context start) {
  const auto function = reinterpret_cast<child_function>(const_cast<void*>(start.function));
  try {
    return function(start);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "child '%s': %s\n", start.name.c_str(), failure.what());
    return 90;
  }
}

}  // namespace bulkhead_test
