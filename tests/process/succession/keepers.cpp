#include "process/succession/keepers.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "os/unique_fd.hpp"
#include "process/library/waits.hpp"

namespace bulkhead_test {
namespace {

constexpr char mark[] = "BULKHEAD_TEST_SUCCESSION";

// Nothing of a process that ended meanwhile.
std::string text_of(const std::filesystem::path& file) {
  try {
    std::ifstream from(file);
    return {std::istreambuf_iterator<char>(from), {}};
  } catch (const std::ios_base::failure&) {
    return {};
  }
}

bool is_keeper(const std::filesystem::path& process) {
  if (text_of(process / "comm") != "bh-keeper\n") return false;
  const std::string wanted = std::string(mark) + '=' + std::to_string(::getpid()) + '\0';
  return text_of(process / "environ").find(wanted) != std::string::npos;
}

}  // namespace

void mark_host() { ::setenv(mark, std::to_string(::getpid()).c_str(), 1); }

// A dead one has no environment any more.
pid_t keeper_now() {
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ec)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (is_keeper(entry.path())) return std::stoi(name);
  }
  return 0;
}

bool runs(pid_t pid) {
  const std::string text = text_of("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t after = text.rfind(')');
  return after != std::string::npos && text.compare(after, 3, ") Z") != 0;
}

pid_t kill_keeper(std::chrono::steady_clock::time_point* when) {
  pid_t pid = 0;
  if (!eventually([&] { return (pid = keeper_now()) != 0; })) return 0;
  const bulkhead::os::unique_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return 0;
  if (when != nullptr) *when = std::chrono::steady_clock::now();
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
  pollfd ended{pidfd.get(), POLLIN, 0};
  ::poll(&ended, 1, 20'000);
  return pid;
}

bool replace_keeper() {
  const pid_t killed = kill_keeper();
  return killed != 0 && eventually([&] {
           const pid_t next = keeper_now();
           return next != 0 && next != killed;
         });
}

}  // namespace bulkhead_test
