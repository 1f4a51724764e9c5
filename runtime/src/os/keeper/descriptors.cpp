#include "os/keeper/descriptors.hpp"

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace bulkhead::os {
namespace {

void close_from_to(unsigned first, unsigned last) noexcept {
  if (first <= last) ::syscall(SYS_close_range, first, last, 0);
}

}  // namespace

void close_all_but(std::vector<int> kept) noexcept {
  std::sort(kept.begin(), kept.end());
  unsigned next = 0;
  for (const int fd : kept) {
    if (fd < 0) continue;
    const auto keep = static_cast<unsigned>(fd);
    if (keep > next) close_from_to(next, keep - 1);
    next = std::max(next, keep + 1);
  }
  close_from_to(next, ~0u);
}

}  // namespace bulkhead::os
