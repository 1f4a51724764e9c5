#pragma once

#include <vector>

namespace bulkhead::os {

/// Closes every descriptor of this process but those named.
void close_all_but(std::vector<int> kept) noexcept;

}  // namespace bulkhead::os
