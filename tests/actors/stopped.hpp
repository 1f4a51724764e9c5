#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace bulkhead_test {

/// True when a process does not run: a signal has stopped it.
inline bool is_stopped(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto end = text.rfind(')');
  return end != std::string::npos && text.compare(end, 3, ") T") == 0;
}

}  // namespace bulkhead_test
