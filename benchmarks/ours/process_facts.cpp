#include "ours/process_facts.hpp"

#include <filesystem>
#include <fstream>

namespace bench {
namespace {

std::filesystem::path folder_of(pid_t pid) {
  return std::filesystem::path("/proc") / std::to_string(pid);
}

// The number behind "name:" in a file of such lines.
std::int64_t value_in(const std::filesystem::path& file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":")) return std::stoll(line.substr(name.size() + 1));
  }
  return 0;
}

}  // namespace

std::int64_t run_time_ns(pid_t pid) {
  std::int64_t all = 0;
  for (const auto& task : std::filesystem::directory_iterator(folder_of(pid) / "task")) {
    std::ifstream in(task.path() / "schedstat");
    std::int64_t ran = 0;
    in >> ran;
    all += ran;
  }
  return all;
}

std::int64_t sleeps(pid_t pid) {
  std::int64_t all = 0;
  for (const auto& task : std::filesystem::directory_iterator(folder_of(pid) / "task")) {
    all += value_in(task.path() / "status", "voluntary_ctxt_switches");
  }
  return all;
}

pid_t parent_of(pid_t pid) {
  return static_cast<pid_t>(value_in(folder_of(pid) / "status", "PPid"));
}

std::int64_t memory_bytes(pid_t pid, const std::string& line) {
  return value_in(folder_of(pid) / "smaps_rollup", line) * 1024;
}

}  // namespace bench
