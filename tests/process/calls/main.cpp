#include <bulkhead/init.hpp>

#include "support/run_tests.hpp"

// A test program is its own keeper and its own children.
int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bulkhead_test::run_tests(argc, argv);
}
