#include "os/keeper/control_groups.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/system_failure.hpp"
#include "os/unique_fd.hpp"

namespace bulkhead::os {
namespace {

namespace fs = std::filesystem;

constexpr const char* family = "bulkhead.";

bool write_file(const std::string& path, const std::string& text) noexcept {
  const unique_fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void set_or_throw(const std::string& path, std::uint64_t value) {
  if (!write_file(path, std::to_string(value))) throw_last_error("setting " + path);
}

void limit_memory(const control_group::folder& f, std::uint64_t bytes) {
  if (f.version == 2) {
    set_or_throw(f.path + "/memory.max", bytes);
    static_cast<void>(write_file(f.path + "/memory.swap.max", "0"));
    static_cast<void>(write_file(f.path + "/memory.oom.group", "1"));
    return;
  }
  set_or_throw(f.path + "/memory.limit_in_bytes", bytes);
  // Only where swap is counted.
  static_cast<void>(write_file(f.path + "/memory.memsw.limit_in_bytes", std::to_string(bytes)));
}

// A line "oom_kill N" of the file that has it in either version.
std::uint64_t out_of_memory_kills(const control_group::folder& f) {
  std::ifstream file(f.path + (f.version == 2 ? "/memory.events" : "/memory.oom_control"));
  std::string name;
  for (std::uint64_t count = 0; file >> name >> count;) {
    if (name == "oom_kill") return count;
  }
  return 0;
}

void kill_members(const std::string& path) {
  if (write_file(path + "/cgroup.kill", "1")) return;
  std::ifstream members(path + "/cgroup.procs");
  for (pid_t pid = 0; members >> pid;) {
    if (pid > 1) ::kill(pid, SIGKILL);
  }
}

// "bulkhead.<host>.<tree>.<serial>": the host's process id.
pid_t host_of(const std::string& name) {
  if (name.rfind(family, 0) != 0) return 0;
  return static_cast<pid_t>(
      std::strtol(name.c_str() + std::string_view(family).size(), nullptr, 10));
}

}  // namespace

std::string control_group_prefix(std::int32_t host, std::uint64_t tree) {
  return family + std::to_string(host) + "." + std::to_string(tree) + ".";
}

const control_group_place& control_groups::memory() {
  if (!memory_) memory_ = find_control_group_place("memory");
  return *memory_;
}

const control_group_place& control_groups::processes() {
  if (!processes_) processes_ = find_control_group_place("pids");
  return *processes_;
}

control_group control_groups::make(std::uint32_t serial,
                                   const std::optional<std::uint64_t>& memory_bytes,
                                   const std::optional<std::uint64_t>& processes_max) {
  control_group group;
  const auto folder_in = [&](const control_group_place& place) -> control_group::folder& {
    const std::string path = place.folder + "/" + tree_ + std::to_string(serial);
    for (control_group::folder& there : group.folders) {
      if (there.path == path) return there;
    }
    if (::mkdir(path.c_str(), 0755) != 0) throw_last_error("making the control group " + path);
    return group.folders.emplace_back(control_group::folder{path, place.version, false});
  };
  try {
    if (memory_bytes && memory()) {
      control_group::folder& f = folder_in(memory());
      f.limits_memory = true;
      limit_memory(f, *memory_bytes);
    }
    if (processes_max && processes()) {
      set_or_throw(folder_in(processes()).path + "/pids.max", *processes_max);
    }
  } catch (...) {
    remove(group);
    throw;
  }
  return group;
}

void control_groups::enter(const control_group& group) {
  for (const control_group::folder& f : group.folders) {
    if (!write_file(f.path + "/cgroup.procs", "0")) {
      throw_last_error("entering its control group " + f.path);
    }
  }
}

bool control_groups::ran_out_of_memory(const control_group& group) {
  for (const control_group::folder& f : group.folders) {
    if (f.limits_memory && out_of_memory_kills(f) != 0) return true;
  }
  return false;
}

// The kernel lets go of a group some time after its last process was reaped.
bool control_groups::try_remove(const std::string& path) const {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
  kill_members(path);
  return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

void control_groups::remove(const control_group& group) {
  for (const control_group::folder& f : group.folders) {
    if (!try_remove(f.path)) leaving_.push_back(f.path);
  }
}

bool control_groups::look_again() {
  std::erase_if(leaving_, [this](const std::string& path) { return try_remove(path); });
  return leaving_.empty();
}

void control_groups::sweep() {
  sweep(memory());
  sweep(processes());
}

void control_groups::sweep(const control_group_place& place) {
  if (!place) return;
  std::error_code ec;
  std::vector<std::string> ours;
  for (fs::directory_iterator at(place.folder, ec), end; at != end; at.increment(ec)) {
    const std::string name = at->path().filename().string();
    const pid_t host = host_of(name);
    const bool is_ours = name.rfind(tree_, 0) == 0;
    const bool is_gone = host > 1 && ::kill(host, 0) != 0 && errno == ESRCH;
    const std::string path = at->path().string();
    if (is_ours) ours.push_back(path);
    // Its processes are let be: a host of another pid namespace seems to be gone, too.
    if (!is_ours && is_gone) ::rmdir(path.c_str());
  }
  for (const std::string& path : ours) {
    if (!try_remove(path)) leaving_.push_back(path);
  }
}

}  // namespace bulkhead::os
