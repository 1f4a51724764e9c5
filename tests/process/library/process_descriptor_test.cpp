// process::pidfd: a descriptor of a child for who polls by himself.
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <fstream>

#include "process/library/few_descriptors.hpp"
#include "process/library/waits.hpp"

using bulkhead::errc;
using bulkhead::os::unique_fd;
using bulkhead_test::eventually;
using bulkhead_test::soon;

namespace {

void wait_for_stop() {
  while (!bulkhead::this_process::stop_requested()) ::usleep(200);
}

unique_fd pidfd_of(const bulkhead::process& p) { return unique_fd(p.pidfd()); }

// Of the process that the kernel says a pidfd is of; -1 where that has been reaped.
pid_t named_by(const unique_fd& pidfd) {
  std::ifstream facts("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  for (std::string word; facts >> word;) {
    pid_t pid = 0;
    if (word == "Pid:" && facts >> pid) return pid;
  }
  return 0;
}

bool is_readable(const unique_fd& pidfd, std::chrono::milliseconds wait = {}) {
  pollfd look{pidfd.get(), POLLIN, 0};
  return ::poll(&look, 1, static_cast<int>(wait.count())) == 1 && (look.revents & POLLIN) != 0;
}

bool has_ended(const unique_fd& pidfd) {
  return is_readable(pidfd, std::chrono::duration_cast<std::chrono::milliseconds>(soon));
}

bool send_signal(const unique_fd& pidfd, int number) {
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0) == 0;
}

std::error_code refusal_of(const bulkhead::process& p) {
  try {
    const unique_fd opened = pidfd_of(p);
  } catch (const std::system_error& failure) {
    CHECK(std::string(failure.what()).find("'" + p.name() + "'") != std::string::npos);
    return failure.code();
  }
  return {};
}

// By the descriptor of a process of its own it ends that one.
int end_own_child() {
  const auto p = bulkhead::this_process::runtime().spawn(wait_for_stop);
  const unique_fd pidfd = pidfd_of(p);
  if (named_by(pidfd) != p.id() || !send_signal(pidfd, SIGUSR1)) return -1;
  return p.join().signal;
}

}  // namespace

TEST_CASE("a process's descriptor names it, polls readable when it ends, and signals it",
          "[process][descriptor]") {
  bulkhead::runtime rt;
  const auto p = rt.spawn(wait_for_stop);
  const unique_fd pidfd = pidfd_of(p);
  CHECK(named_by(pidfd) == p.id());
  CHECK((::fcntl(pidfd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_FALSE(is_readable(pidfd));
  REQUIRE(send_signal(pidfd, SIGUSR2));
  CHECK(has_ended(pidfd));
  CHECK(p.join().signal == SIGUSR2);
  CHECK(named_by(pidfd) == -1);
}

TEST_CASE("each call gives a descriptor of its own, which is the caller's",
          "[process][descriptor]") {
  unique_fd kept;
  {
    bulkhead::runtime rt;
    const auto p = rt.spawn({.name = "worker"}, wait_for_stop);
    kept = pidfd_of(p);
    const unique_fd other = pidfd_of(p);
    CHECK(other.get() != kept.get());
    CHECK(named_by(other) == p.id());
  }
  CHECK(has_ended(kept));  // With its tree.
}

TEST_CASE("a process that has ended has no descriptor to give", "[process][descriptor]") {
  bulkhead::runtime rt;
  const auto p = rt.spawn({.name = "worker"}, wait_for_stop);
  SECTION("when its end was told") {
    p.kill();
    p.join();
    CHECK(refusal_of(p) == errc::stale_incarnation);
  }
  SECTION("and not that of another while its end is not told yet") {
    const unique_fd pidfd = pidfd_of(p);
    p.kill();
    // Until it is reaped it may still be had.
    CHECK(eventually([&] {
      try {
        return named_by(pidfd_of(p)) == 0;
      } catch (const std::system_error& failure) {
        return failure.code() == errc::stale_incarnation;
      }
    }));
    CHECK(has_ended(pidfd));
  }
}

TEST_CASE("a descriptor stays with its incarnation", "[process][descriptor][supervisor]") {
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt};
  const auto p = sup.start({.name = "server"}, wait_for_stop);
  const auto first = p.only(1);
  const unique_fd old = pidfd_of(p);
  CHECK(named_by(pidfd_of(first)) == named_by(old));
  p.kill();
  REQUIRE(eventually([&] { return p.incarnation() == 2 && p.running(); }));
  CHECK(is_readable(old));
  CHECK_FALSE(send_signal(old, SIGKILL));
  const unique_fd next = pidfd_of(p);
  CHECK(named_by(next) == p.id());
  CHECK_FALSE(is_readable(next));
  CHECK(refusal_of(first) == errc::stale_incarnation);
  sup.terminate_child("server");
  CHECK(refusal_of(p) == errc::stale_incarnation);
}

TEST_CASE("commands, and what a child starts, have descriptors as well", "[process][descriptor]") {
  bulkhead::runtime rt;
  SECTION("a command") {
    const auto p = rt.spawn(bulkhead::command{"sleep", "1000"});
    const unique_fd pidfd = pidfd_of(p);
    CHECK(named_by(pidfd) == p.id());
    REQUIRE(send_signal(pidfd, SIGKILL));
    CHECK(p.join().signal == SIGKILL);
  }
  SECTION("a child's child, for the child") {
    auto signal = rt.call(end_own_child);
    REQUIRE(signal.wait_for(soon) == std::future_status::ready);
    CHECK(signal.get() == SIGUSR1);
  }
}

TEST_CASE("after its runtime, and without a free descriptor, there is an error for it",
          "[process][descriptor]") {
  SECTION("the runtime is gone") {
    auto rt = std::make_unique<bulkhead::runtime>();
    const auto p = rt->spawn({.name = "worker"}, wait_for_stop);
    rt.reset();
    CHECK(refusal_of(p) == errc::runtime_gone);
  }
  SECTION("no descriptor is free") {
    const bulkhead_test::low_limit limit(128);
    bulkhead::runtime rt;
    const auto p = rt.spawn({.name = "worker"}, wait_for_stop);
    auto taken = bulkhead_test::take_all_descriptors();
    CHECK(refusal_of(p) == std::error_code(EMFILE, std::system_category()));
    taken.clear();
    CHECK(named_by(pidfd_of(p)) == p.id());
  }
}
