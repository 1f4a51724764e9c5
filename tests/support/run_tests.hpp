#pragma once

namespace bulkhead_test {

/// Runs the tests of this program as the command line asks; for a main of your own, which calls
/// bulkhead::init first (bulkhead_add_test's OWN_MAIN).
/// @returns the exit status for main.
int run_tests(int argc, char** argv);

}  // namespace bulkhead_test
