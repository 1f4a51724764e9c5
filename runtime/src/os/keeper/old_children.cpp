#include "os/keeper/old_children.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bulkhead/errc.hpp>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

// When a process was started, of the boot clock, to the tick. Nothing where there is none.
std::optional<std::uint64_t> begin_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int n = 3; n < 22; ++n) fields >> skipped;
  std::uint64_t ticks = 0;
  if (!(fields >> ticks)) return std::nullopt;
  return ticks * (second_ns / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
}

// Whoever got the number of one that has ended was started after it.
unique_fd find_survivor(const ledger::life& l) {
  unique_fd pidfd = open_process(l.pid);
  if (!pidfd) return {};
  const auto began = begin_of(l.pid);
  const std::uint64_t tick = second_ns / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  if (!began || *began > l.begun_ns + tick) return {};
  // It was set to die with its parent, unless it runs with other rights than ours by now. One that
  // may be somebody else is left alone, and waited for.
  if (*began + second_ns > l.begun_ns) {
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
  }
  return pidfd;
}

bool wait_for(int pidfd, int host_pidfd, std::chrono::steady_clock::time_point until) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd both[2] = {{pidfd, POLLIN, 0}, {host_pidfd, POLLIN, 0}};
    const int wait_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    if (::poll(both, 2, wait_ms) < 0 && errno == EINTR) continue;
    if (both[1].revents != 0) {
      throw error(make_error_code(errc::owner_gone), "the host has ended");
    }
    return both[0].revents != 0;
  }
}

}  // namespace

unique_fd open_process(pid_t pid) {
  unique_fd opened(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // EINVAL: the number is a thread's by now.
  if (!opened && errno != ESRCH && errno != EINVAL) throw_last_error("opening a pidfd");
  return opened;
}

void wait_for_old_children(const ledger& left, int host_pidfd,
                           std::chrono::steady_clock::time_point until) {
  left.each_life([&](const ledger::life& l) {
    const unique_fd alive = find_survivor(l);
    if (alive && !wait_for(alive.get(), host_pidfd, until)) {
      throw error(
          make_error_code(errc::timed_out),
          "process " + std::to_string(l.pid) + ", a child of the last keeper, does not end");
    }
  });
}

}  // namespace bulkhead::os
