#include <bulkhead/bulkhead.hpp>
#include <cstring>

#include "process/program/changed_host.hpp"
#include "support/run_tests.hpp"

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  if (argc == 3 && std::strcmp(argv[1], "--host") == 0) return bulkhead_test::changed_host(argv[2]);
  return bulkhead_test::run_tests(argc, argv);
}
