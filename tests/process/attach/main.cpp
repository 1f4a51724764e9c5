#include <bulkhead/init.hpp>

#include "process/succession/keepers.hpp"
#include "support/run_tests.hpp"

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead_test::mark_host();
  return bulkhead_test::run_tests(argc, argv);
}
