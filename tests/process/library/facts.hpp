#pragma once

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace bulkhead_test {

/// A number out of /proc/<pid>/status, e.g. "VmRSS:"; 0 when it is not there.
inline long status_value(pid_t pid, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    long value = 0;
    if (word == field && status >> value) return value;
  }
  return 0;
}

inline long resident_kib(pid_t pid) { return status_value(pid, "VmRSS:"); }

inline int open_descriptors(pid_t pid) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<int>(std::distance(begin(all), end(all)));
}

/// What this process has, to be compared with what it had.
struct host_facts {
  int descriptors = 0;
  long threads = 0;
  long resident_kib = 0;

  static host_facts now() {
    return {open_descriptors(getpid()), status_value(getpid(), "Threads:"),
            bulkhead_test::resident_kib(getpid())};
  }
};

}  // namespace bulkhead_test
