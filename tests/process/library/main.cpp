#include <bulkhead/init.hpp>

#include "process/library/hosts.hpp"
#include "support/run_tests.hpp"

// A test program is its own keeper and its own children, and on demand a host of its own to be
// killed.
int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  if (bulkhead_test::is_host(argc, argv)) return bulkhead_test::run_host(argv[2]);
  return bulkhead_test::run_tests(argc, argv);
}
