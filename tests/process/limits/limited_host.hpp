#pragma once

namespace bulkhead_test {

/// A host with a limited child that waits, and one that it left behind in a session of its own.
/// Prints a line when they run, and waits to be killed.
int limited_host();

}  // namespace bulkhead_test
