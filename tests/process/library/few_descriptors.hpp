#pragma once

#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "os/unique_fd.hpp"
#include "support/catch.hpp"

namespace bulkhead_test {

/// This process may have few descriptors as long as it lives.
class low_limit {
 public:
  explicit low_limit(rlim_t descriptors) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit low{descriptors, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  }
  low_limit(const low_limit&) = delete;
  low_limit& operator=(const low_limit&) = delete;
  ~low_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// All the descriptors that this process may still have.
inline std::vector<bulkhead::os::unique_fd> take_all_descriptors() {
  std::vector<bulkhead::os::unique_fd> taken;
  for (;;) {
    bulkhead::os::unique_fd one(::dup(0));
    if (!one) return taken;
    taken.push_back(std::move(one));
  }
}

}  // namespace bulkhead_test
