#pragma once

#include <sys/types.h>

namespace bulkhead::os {

/// Who is at the other end of a unix socket, by the kernel's word: the process that connected, or
/// the one that listens. pid 0: one that this process cannot see.
struct peer_identity {
  pid_t pid = 0;
  uid_t uid = static_cast<uid_t>(-1);
};
[[nodiscard]] peer_identity identity_of_peer(int socket) noexcept;

/// @returns the living process that a pidfd is of; 0: it has ended, or the descriptor is none.
[[nodiscard]] pid_t process_of(int pidfd) noexcept;

}  // namespace bulkhead::os
