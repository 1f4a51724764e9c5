#include <bulkhead/init.hpp>

#include "actors/dialect.hpp"
#include "support/run_tests.hpp"

int main(int argc, char** argv) {
  bulkhead_test::register_types();
  bulkhead::init(argc, argv);
  return bulkhead_test::run_tests(argc, argv);
}
