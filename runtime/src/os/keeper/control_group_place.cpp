#include "os/keeper/control_group_place.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

namespace bulkhead::os {
namespace {

// A file system of /proc/self/mountinfo.
struct mount {
  std::string root;
  std::string point;
  std::string type;
  std::string options;
};

std::vector<mount> cgroup_mounts() {
  std::vector<mount> all;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    mount m;
    std::string skip;
    fields >> skip >> skip >> skip >> m.root >> m.point;
    while (fields >> skip && skip != "-") {
    }
    fields >> m.type >> skip >> m.options;
    if (m.type == "cgroup" || m.type == "cgroup2") all.push_back(std::move(m));
  }
  return all;
}

bool lists(const std::string& words, const std::string& word, char separator) {
  std::istringstream all(words);
  for (std::string one; std::getline(all, one, separator);) {
    if (one == word) return true;
  }
  return false;
}

// This process's group by the controller's hierarchy; version 2's has an empty list.
std::string own_group(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? controllers.empty() : lists(controllers, controller, ',')) {
      return line.substr(second + 1);
    }
  }
  return {};
}

// What is mounted may be a part of the hierarchy only.
std::string folder_of(const mount& m, std::string group) {
  if (m.root != "/" && group.compare(0, m.root.size(), m.root) == 0) group.erase(0, m.root.size());
  while (!group.empty() && group.back() == '/') group.pop_back();
  return m.point + group;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Children of a group get a controller where it says so; the kernel allows that only to one without
// processes, or the root.
bool hands_down(const std::string& folder, const std::string& controller) {
  const std::string file = folder + "/cgroup.subtree_control";
  if (lists(first_line(file), controller, ' ')) return true;
  std::ofstream(file) << '+' << controller;
  return lists(first_line(file), controller, ' ');
}

// @returns why not.
std::optional<std::string> try_out(const std::string& folder, const char* limit_file) {
  const std::string probe = folder + "/bulkhead.probe." + std::to_string(::getpid());
  if (::mkdir(probe.c_str(), 0755) != 0) {
    return "making a group in " + folder + ": " + std::strerror(errno);
  }
  const bool can_limit = ::access((probe + "/" + limit_file).c_str(), W_OK) == 0;
  ::rmdir(probe.c_str());
  if (!can_limit) return "a group in " + folder + " has no " + limit_file + " to be set";
  return std::nullopt;
}

}  // namespace

control_group_place find_control_group_place(const std::string& controller) {
  std::string why = "no cgroup file system with the controller " + controller + " is mounted";
  for (const mount& m : cgroup_mounts()) {
    if (m.type == "cgroup") {
      if (!lists(m.options, controller, ',')) continue;
      const std::string folder = folder_of(m, own_group(controller));
      const auto refused =
          try_out(folder, controller == "memory" ? "memory.limit_in_bytes" : "pids.max");
      if (!refused) return {1, folder};
      why = *refused;
      continue;
    }
    const std::string own = folder_of(m, own_group(""));
    for (std::string folder = own; folder.size() >= m.point.size();
         folder.resize(folder.rfind('/'))) {
      const bool is_offered = lists(first_line(folder + "/cgroup.controllers"), controller, ' ');
      if (is_offered && hands_down(folder, controller)) {
        const auto refused = try_out(folder, controller == "memory" ? "memory.max" : "pids.max");
        if (!refused) return {2, folder};
        why = *refused;
      } else if (is_offered) {
        why = folder + " does not hand the controller " + controller + " down to groups below it";
      }
      if (folder != own) break;  // its own, and the one above
    }
  }
  return {0, why};
}

}  // namespace bulkhead::os
