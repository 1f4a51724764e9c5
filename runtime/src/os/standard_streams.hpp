#pragma once

namespace bulkhead::os {

/// Puts /dev/null where this process has no standard input, output or error, so that no descriptor
/// of ours gets such a number and then a stray print of the program. What is open stays as it is.
/// @errors throws std::system_error where /dev/null cannot be opened.
void fill_standard_streams();

}  // namespace bulkhead::os
