#pragma once

#include <atomic>

namespace bulkhead::core {

/// Tells the CPU that this is a spin: it saves power and lets the sibling thread run. Takes from 3
/// to 140 cycles, so spins are timed and not counted.
inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace bulkhead::core
