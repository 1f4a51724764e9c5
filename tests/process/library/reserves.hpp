#pragma once

#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

// The process that a keeper has forked beforehand, as others see it.
namespace bulkhead_test {

/// The living children of a process that are called `name` now.
inline std::vector<pid_t> children_called(const std::string& name, pid_t parent) {
  const std::string id = std::to_string(parent);
  std::ifstream all("/proc/" + id + "/task/" + id + "/children");
  std::vector<pid_t> found;
  for (pid_t pid = 0; all >> pid;) {
    std::ifstream from("/proc/" + std::to_string(pid) + "/comm");
    std::string comm;
    if (std::getline(from, comm) && comm == name) found.push_back(pid);
  }
  return found;
}

/// Waits until there is one. @returns 0: none came.
inline pid_t reserve_of(pid_t keeper) {
  pid_t pid = 0;
  static_cast<void>(eventually([&] {
    const auto all = children_called("bh-reserve", keeper);
    if (!all.empty()) pid = all.front();
    return pid != 0;
  }));
  return pid;
}

/// The keeper of a runtime; something is started for it.
inline pid_t keeper_of(bulkhead::runtime& rt) {
  auto answer = rt.call([] { return static_cast<int>(::getppid()); });
  REQUIRE(answer.wait_for(soon) == std::future_status::ready);
  return answer.get();
}

}  // namespace bulkhead_test
