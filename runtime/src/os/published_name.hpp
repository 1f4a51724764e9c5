#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "os/channel.hpp"

namespace bulkhead::os {

/// The directory that a published socket lies in, locked against other publishers there (flock)
/// until this goes, or until the keeper unlocks it: the lock is the open file's, which the
/// publication keeps.
struct published_name {
  published_name() = default;
  published_name(published_name&&) noexcept = default;
  published_name& operator=(published_name&&) = delete;
  /// Unlocks it, should a keeper that was killed not have come to it.
  ~published_name();

  unique_fd directory;
  std::string path;  ///< The whole, absolute.
  std::string name;  ///< The last part.

  /// @errors std::system_error: no such directory, or it may not be read; filename_too_long: the
  /// name is above 80 bytes; bulkhead::error errc::timed_out: somebody else has locked the
  /// directory for so long.
  [[nodiscard]] static published_name lock(const std::filesystem::path& path, deadline until);
};

/// Connects to a published socket, whose path may be of any length.
/// @errors std::system_error: there is none; timed_out: its owner takes in nobody;
/// bulkhead::error errc::owner_gone: its owner is dead; errc::not_permitted: this user may not
/// connect; errc::unsupported: somebody else's kind of socket, or no socket.
[[nodiscard]] channel connect_to(const std::filesystem::path& path, std::chrono::seconds patience);

}  // namespace bulkhead::os
