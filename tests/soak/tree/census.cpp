#include "soak/tree/census.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace soak {
namespace {

namespace fs = std::filesystem;

// @returns the parent; 0: there is no such process.
pid_t read_stat(const fs::path& process, resident& out) {
  std::ifstream file(process / "stat");
  std::string text;
  if (!std::getline(file, text)) return 0;
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return 0;
  out.pid = std::atoi(text.c_str());
  out.name = text.substr(open + 1, close - open - 1);
  std::istringstream rest(text.substr(close + 1));
  char state = 0;
  pid_t parent = 0;
  rest >> state >> parent;
  out.ended = state == 'Z' || state == 'X';
  return parent;
}

}  // namespace

std::vector<resident> children_of(pid_t parent) {
  std::vector<resident> all;
  std::error_code ec;  // a process may go while its entry is read
  for (fs::directory_iterator at("/proc", ec), end; at != end; at.increment(ec)) {
    const std::string name = at->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    resident r;
    // What the keeper forks for the next start comes and goes as it likes.
    if (read_stat(at->path(), r) == parent && r.name != "bh-reserve") all.push_back(std::move(r));
  }
  return all;
}

std::vector<std::string> descriptors_of(pid_t pid) {
  std::vector<std::string> all;
  std::error_code ec;  // one that is closed meanwhile
  for (fs::directory_iterator at("/proc/" + std::to_string(pid) + "/fd", ec), end; at != end;
       at.increment(ec)) {
    all.push_back(fs::read_symlink(at->path(), ec).string());
  }
  return all;
}

bool signal_child(pid_t parent, pid_t child, int number) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (pidfd < 0) return false;
  resident r;
  const bool is_its = read_stat("/proc/" + std::to_string(child), r) == parent && !r.ended;
  const bool sent = is_its && ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0) == 0;
  ::close(pidfd);
  return sent;
}

}  // namespace soak
