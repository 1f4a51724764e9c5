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
    if (i.number >= seen_.size()) {
      seen_.resize(i.number + i.number / 2 + 1024);
      first_.resize(seen_.size());
    }
    // Two copies come through different lanes, so the marked one may come before the unmarked. One
    // of them may be unmarked, no more.
    const bool again = seen_[i.number];
    if (!again) {
      ++distinct;
    } else if (i.attempt == 1 && first_[i.number]) {
      ++unmarked_doubles;
    } else {
      ++marked_doubles;
    }
    seen_[i.number] = true;
    if (i.attempt == 1) first_[i.number] = true;
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
  std::vector<bool> seen_;   // a copy came
  std::vector<bool> first_;  // a copy of the first delivery came
};

}  // namespace soak
