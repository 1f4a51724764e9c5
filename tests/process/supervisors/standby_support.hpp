#pragma once

#include <atomic>
#include <fstream>

#include "process/supervisors/nested_support.hpp"

// Children with spares, and what tells them from others.
namespace bulkhead_test {

using namespace std::chrono_literals;

/// The incarnation as which this process was prepared: 0 as a spare.
inline std::atomic<int> prepared_as{-1};
inline void prepare() { prepared_as = static_cast<int>(bulkhead::this_process::incarnation()); }

/// What a prepared child says.
struct prepared_hello {
  std::uint64_t incarnation = 0;
  std::int32_t pid = 0;
  int prepared_as = -1;
};
using prepared_hellos = bulkhead::queue<prepared_hello>;

inline void say_prepared(const prepared_hellos& to) {
  to.send({bulkhead::this_process::incarnation(), ::getpid(), prepared_as});
}
inline void serve_prepared(prepared_hellos to) {
  say_prepared(to);
  while (!bulkhead::this_process::stop_requested()) ::usleep(200);
}
inline prepared_hello heard(const prepared_hellos& from) {
  const auto next = from.receive_for(soon);
  REQUIRE(next);
  return *next;
}

/// Of a process; empty when it has ended.
inline std::string stat_of(std::int32_t pid) {
  std::ifstream from("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(from, text);
  return text;
}

/// The processes below a keeper that are not zombies, of that name (15 bytes are kept of it).
inline std::vector<std::int32_t> processes_named(const std::string& name, std::int32_t keeper) {
  std::ifstream file("/proc/" + std::to_string(keeper) + "/task/" + std::to_string(keeper) +
                     "/children");
  std::vector<std::int32_t> found;
  for (std::int32_t pid = 0; file >> pid;) {
    const std::string text = stat_of(pid);
    const std::size_t end = text.rfind(')');
    if (end == std::string::npos || text.compare(end, 3, ") Z") == 0) continue;
    if (text.find('(' + name + ')') != std::string::npos) found.push_back(pid);
  }
  return found;
}

inline std::int32_t parent_of(std::int32_t pid) {
  const std::string text = stat_of(pid);
  const std::size_t end = text.rfind(')');
  return end == std::string::npos ? 0 : std::atoi(text.c_str() + end + 4);
}

/// Kills the incarnation `n` of a child, when its supervisor knows of it.
inline void kill_incarnation(const bulkhead::process& child, std::uint64_t n) {
  REQUIRE(eventually([&] { return child.incarnation() == n; }));
  child.only(n).kill();
}

inline bool has_standbys(const bulkhead::supervisor& sup, const std::string& child,
                         std::uint32_t count = 1) {
  return eventually([&] {
    const auto info = sup.find_child(child);
    return info && info->standbys == count;
  });
}

}  // namespace bulkhead_test
