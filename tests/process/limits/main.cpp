#include <bulkhead/init.hpp>
#include <cstring>

#include "process/limits/limited_host.hpp"
#include "support/run_tests.hpp"

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  if (argc == 2 && std::strcmp(argv[1], "--host") == 0) return bulkhead_test::limited_host();
  return bulkhead_test::run_tests(argc, argv);
}
