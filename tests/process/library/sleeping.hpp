#pragma once

#include <sys/types.h>
#include <fstream>
#include <string>

#include "process/library/waits.hpp"

namespace bulkhead_test {

/// Waits until a thread of this process sleeps, so that it must be woken. @returns whether it does.
inline bool await_sleep(pid_t thread) {
  const std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
  return eventually([&] {
    std::string line;
    std::getline(std::ifstream(path), line);
    const auto state = line.find_last_of(')') + 2;
    return state < line.size() && line[state] == 'S';
  });
}

}  // namespace bulkhead_test
