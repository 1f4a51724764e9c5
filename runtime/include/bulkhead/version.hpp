#pragma once

/// The version of these headers. CMake reads it from here, so this is the one place to change it.
/// Programs that must not mix two builds compare it with `bulkhead::library_version()`.
#define BULKHEAD_VERSION_MAJOR 0
#define BULKHEAD_VERSION_MINOR 1
#define BULKHEAD_VERSION_PATCH 0

namespace bulkhead {

struct version_number {
  int major;
  int minor;
  int patch;

  friend bool operator==(const version_number&, const version_number&) = default;
};

inline constexpr version_number header_version{BULKHEAD_VERSION_MAJOR, BULKHEAD_VERSION_MINOR,
                                               BULKHEAD_VERSION_PATCH};

/// Returns the version that the linked library was built from; it equals `header_version` unless
/// headers and library come from two installs.
version_number library_version() noexcept;

}  // namespace bulkhead
