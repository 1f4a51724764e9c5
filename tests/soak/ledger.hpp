#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "soak/stages.hpp"

namespace soak {

/// What came out at the end of a chain. One thread enters; any may read the counts.
class ledger {
 public:
  void enter(const item& i) {
    ++entered;
    if (!intact(i)) {
      ++torn;
      return;
    }
    if (i.number >= seen_.size()) seen_.resize(i.number + i.number / 2 + 1024);
    if (!seen_[i.number]) {
      seen_[i.number] = true;
      ++distinct;
    } else if (i.attempt > 1) {
      ++marked_doubles;
    } else {
      ++unmarked_doubles;
    }
  }
  /// How many of the first `total` numbers never came.
  [[nodiscard]] std::uint64_t lost(std::uint64_t total) const {
    std::uint64_t missing = 0;
    for (std::uint64_t n = 0; n < total; ++n) missing += n >= seen_.size() || !seen_[n];
    return missing;
  }

  std::atomic<std::uint64_t> entered{0}, distinct{0}, torn{0}, marked_doubles{0},
      unmarked_doubles{0};

 private:
  std::vector<bool> seen_;
};

}  // namespace soak
