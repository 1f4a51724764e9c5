#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "os/channel.hpp"
#include "os/control.hpp"

namespace bulkhead::os {

/// What the host has of its keeper.
struct keeper_connection {
  channel control;      ///< For keeper_link.
  unique_fd directory;  ///< For directory_memory.
  unique_fd ledger;     ///< What it knows, for the next one.
  unique_fd vault;      ///< What it holds, for the next one (os/keeper/depositor.hpp).
  unique_fd keeper;     ///< Its pidfd, readable when it has ended.
  control::hello_reply greeting;
  std::vector<std::string> environment;  ///< What it was started with, for the next one.
};

/// What a keeper left that was killed.
struct bequest {
  int ledger = -1;
  int vault = -1;
  /// Another thread may be changing the program's own; and children find what they found before.
  const std::vector<std::string>* environment = nullptr;
};

/// Starts a copy of this program that becomes the keeper in `bulkhead::init`. The host's `wait`,
/// SIGCHLD and threads notice nothing of it.
/// @errors bulkhead::error errc::start_failed: the program cannot be executed again;
/// errc::not_initialised: the copy ended or was silent for `patience`, thus never called `init`;
/// errc::unsupported: the copy has more than one thread when it calls `init`.
/// @limits left: where another keeper was before, which is proven dead; when this returns all that
/// its children held is recovered.
/// @threads any; blocks until the copy has answered.
[[nodiscard]] keeper_connection start_keeper(
    std::chrono::milliseconds patience = std::chrono::seconds(10), const bequest* left = nullptr);

}  // namespace bulkhead::os
