#include "os/biased_mutex.hpp"

#include <sched.h>

namespace bulkhead::os {
namespace {

// The thread sanitizer does not know that membarrier orders what the owner does without a fence.
#if defined(__SANITIZE_THREAD__)
constexpr bool may_be_biased = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool may_be_biased = false;
#else
constexpr bool may_be_biased = true;
#endif
#else
constexpr bool may_be_biased = true;
#endif

}  // namespace

biased_mutex::biased_mutex(const core::platform& os) noexcept
    : revoked_(!may_be_biased || os.fences), os_(&os) {}

// The first thread owns it from its second turn on.
void biased_mutex::lock_slowly() {
  mutex_.lock();
  if (revoked_.load(std::memory_order_relaxed)) return;
  const void* nobody = nullptr;
  if (!owner_.compare_exchange_strong(nobody, this_thread(), std::memory_order_relaxed)) revoke();
}

// With the mutex held. After the barrier the owner either sees that it is revoked, or we see that
// it is inside, and wait: for a few instructions mostly, at the longest while a large message is
// written.
void biased_mutex::revoke() noexcept {
  revoked_.store(true, std::memory_order_relaxed);
  os_->heavy_barrier();
  while (busy_.load(std::memory_order_acquire)) sched_yield();
}

}  // namespace bulkhead::os
