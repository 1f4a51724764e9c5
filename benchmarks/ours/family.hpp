#pragma once

#include <bulkhead/bulkhead.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/job.hpp"
#include "common/scoreboard.hpp"

namespace bench {

/// The children of a run; waits for all and throws when one did not end well.
class family {
 public:
  explicit family(bulkhead::runtime& rt) : rt_(&rt) {}
  template <class F, class... Args>
  void start(const F& fn, Args&&... args) {
    children_.push_back(rt_->spawn(fn, std::forward<Args>(args)...));
  }
  void join() {
    for (const bulkhead::process& child : children_) {
      if (!child.join().success()) throw std::runtime_error("a process of the run failed");
    }
    children_.clear();
  }

 private:
  bulkhead::runtime* rt_;
  std::vector<bulkhead::process> children_;
};

}  // namespace bench
