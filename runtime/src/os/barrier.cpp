#include "os/barrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "os/futex.hpp"

namespace bulkhead::os {
namespace {

// Where the call fails, so did the registration of every process here, and all of them fence.
void heavy_barrier() noexcept {
  core::full_fence();
  static_cast<void>(::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0));
  core::full_fence();
}

// A full counter would need 2^64 rings; whatever else fails, the bell is gone with its endpoint.
void ring(int bell) noexcept {
  const std::uint64_t once = 1;
  while (::write(bell, &once, sizeof once) < 0 && errno == EINTR) {
  }
}

}  // namespace

core::platform make_platform() noexcept {
  core::platform os{};
  os.wake = futex_wake_all;
  os.heavy_barrier = heavy_barrier;
  os.ring = ring;
  os.fences = ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) != 0;
  return os;
}

}  // namespace bulkhead::os
