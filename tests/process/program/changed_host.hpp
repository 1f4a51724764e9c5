#pragma once

#include <string>

namespace bulkhead_test {

/// A host whose program file is moved, deleted or replaced while it runs. Prints "begins", waits
/// for that, then starts children, the last after its keeper was killed, and prints what each
/// answered.
/// @limits when: "before" or "after": when its keeper is first there, beside the change.
/// @returns its exit code.
int changed_host(const std::string& when);

}  // namespace bulkhead_test
