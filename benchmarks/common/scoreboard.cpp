#include "common/scoreboard.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <system_error>

#include "common/futex.hpp"

namespace bench {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

std::int64_t now_ns() noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void pin_to(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
}

scoreboard::scoreboard()
    : path_("/dev/shm/bulkhead-bench-" + std::to_string(getpid())), owner_(true) {
  map(O_RDWR | O_CREAT | O_EXCL);
}

scoreboard::scoreboard(const std::string& path) : path_(path), owner_(false) { map(O_RDWR); }

void scoreboard::map(int flags) {
  const int fd = open(path_.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) fail(path_.c_str());
  if (owner_ && ftruncate(fd, sizeof(shared)) != 0) fail("ftruncate");
  void* at = mmap(nullptr, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) fail("mmap");
  shared_ = static_cast<shared*>(at);
}

scoreboard::~scoreboard() {
  munmap(shared_, sizeof(shared));
  if (owner_) unlink(path_.c_str());
}

// Two yield, to begin at the same time. More sleep: dozens that yield take the CPUs from those that
// have begun, each for as long as it needs to see that the gate is open.
void scoreboard::gate(std::uint32_t parties) {
  const std::uint32_t arrived = shared_->arrived.fetch_add(1) + 1;
  if (arrived == parties) {
    unlink(path_.c_str());  // all have opened it by now, and a run that is killed leaves no file
    if (parties > 2) futex_wake_all(shared_->arrived);
  }
  for (std::uint32_t seen; (seen = shared_->arrived.load()) < parties;) {
    if (parties > 2) {
      futex_wait(shared_->arrived, seen);
    } else {
      sched_yield();
    }
  }
}

void scoreboard::started(std::int64_t at_ns) noexcept {
  std::int64_t seen = shared_->first_start.load();
  while ((seen == 0 || at_ns < seen) && !shared_->first_start.compare_exchange_weak(seen, at_ns)) {
  }
}

void scoreboard::ended(std::int64_t at_ns) noexcept {
  std::int64_t seen = shared_->last_end.load();
  while (at_ns > seen && !shared_->last_end.compare_exchange_weak(seen, at_ns)) {
  }
  shared_->ends.fetch_add(1);
}

void scoreboard::wait_for_ends(std::uint32_t times) const noexcept {
  while (shared_->ends.load() < times) usleep(200 * times);
}

bool scoreboard::last_of(std::uint32_t parties) noexcept {
  return shared_->done.fetch_add(1) + 1 == parties;
}

void scoreboard::add_messages(std::uint64_t count) noexcept { shared_->messages.fetch_add(count); }

void scoreboard::set_percentiles(std::int64_t p50, std::int64_t p99, std::int64_t p999) noexcept {
  shared_->p50 = p50;
  shared_->p99 = p99;
  shared_->p999 = p999;
}

void scoreboard::print() const {
  const double seconds =
      static_cast<double>(shared_->last_end.load() - shared_->first_start.load()) * 1e-9;
  std::printf("{\"messages\": %" PRIu64 ", \"seconds\": %.9f", shared_->messages.load(), seconds);
  if (shared_->p50 != 0) {
    std::printf(", \"p50_ns\": %" PRId64 ", \"p99_ns\": %" PRId64 ", \"p999_ns\": %" PRId64,
                shared_->p50.load(), shared_->p99.load(), shared_->p999.load());
  }
  std::printf("}\n");
}

}  // namespace bench
