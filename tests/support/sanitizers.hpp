#pragma once

namespace bulkhead_test {

/// The address sanitizer is in this program. It keeps what was freed, up to 256 MiB of it, so that
/// growth of a process says nothing about our code; and it makes the start of a process slow.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_address_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool under_address_sanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool under_address_sanitizer = false;
#endif

}  // namespace bulkhead_test
