#define CATCH_CONFIG_RUNNER  // Catch2 2.13: this file holds the test runner; 3 ignores it
#include "support/run_tests.hpp"

#include "support/catch.hpp"

namespace bulkhead_test {

int run_tests(int argc, char** argv) { return Catch::Session().run(argc, argv); }

}  // namespace bulkhead_test
