#include "os/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace bulkhead::os {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

timespec to_timespec(std::chrono::steady_clock::time_point at) noexcept {
  const auto since = at.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  if (seconds.count() < 0) return {0, 0};
  return {static_cast<time_t>(seconds.count()), static_cast<long>((since - seconds).count())};
}

}  // namespace

// The bit-set form, because its time is a moment and not a duration: a signal does not stretch it.
wait_result futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                       deadline until) noexcept {
  timespec limit{};
  if (until) limit = to_timespec(*until);
  for (;;) {
    const long result = ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, expected,
                                  until ? &limit : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
    if (result == 0) return wait_result::woken;
    if (errno == EINTR) continue;
    if (errno == ETIMEDOUT) return wait_result::timed_out;
    return errno == EAGAIN ? wait_result::changed : wait_result::woken;
  }
}

void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept {
  static_cast<void>(::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0));
}

}  // namespace bulkhead::os
