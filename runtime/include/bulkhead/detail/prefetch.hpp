#pragma once

#include <cstddef>

namespace bulkhead::detail {

/// Asks for the line at `at`, to be written soon: for this CPU alone, so that the store finds it.
///
/// Not `__builtin_prefetch(at, 1)`: for plain x86-64 that is the instruction that reads, and a line
/// that another CPU has then moves twice. Where a CPU does not know this one it is a no-op.
inline void fetch_to_write(const void* at) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(at)));
#else
  __builtin_prefetch(at, 1);
#endif
}

/// Asks for the line at `at`, to be read soon.
inline void fetch_to_read(const void* at) noexcept { __builtin_prefetch(at, 0); }

inline void fetch_all_to_write(const std::byte* from, std::size_t bytes) noexcept {
  for (std::size_t n = 0; n < bytes; n += 64) fetch_to_write(from + n);
}

}  // namespace bulkhead::detail
