#pragma once

#include <string>

namespace bulkhead_test {

/// Runs the library in a host that does as `scenario` says: it reaps any child, blocks all signals,
/// was started without standard streams, and so on.
/// @returns 0 when all went well, 1 with a line on standard error when not, 2 for an unknown one.
int run_guest(const std::string& scenario);

}  // namespace bulkhead_test
