#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/channel.hpp"
#include "os/child_context.hpp"

namespace bulkhead::os {

/// A process that was forked beforehand, and waits to be told what it is. It has nothing of
/// anybody's, and is nobody's child but the keeper's (tree_reserve.cpp).
struct reserve {
  pid_t pid = 0;
  unique_fd pidfd;
  channel line;
  std::uint64_t modules_loaded = 0;  ///< Ever, by this process, when it was forked.
};

/// What it is told, with the descriptors: a child_context but for what it has already. Both sides
/// are copies of one process, so that addresses of functions mean the same to both.
struct begin_note {
  struct endpoint {
    std::uint64_t queue = 0;
    std::string name;
    std::uint32_t seat = 0;
    std::uint32_t epoch = 0;
    std::uint64_t sent_before = 0;
  };
  std::uint32_t serial = 0;
  std::uint32_t entry = 0;
  std::uint32_t incarnation = 1;
  std::string name;
  bool has_pulse = false;
  bool has_standby = false;
  std::uint64_t patience_ns = 0;
  std::uint64_t prepare = 0;
  std::uint64_t function = 0;
  std::uint64_t target = 0;
  std::uint64_t fingerprint = 0;
  std::vector<std::byte> arguments;
  std::optional<control::process_setup> setup;
  std::vector<endpoint> endpoints;
};

/// @limits the context has no control group. `descriptors` gets the numbers of those that go along.
[[nodiscard]] begin_note note_of(const child_context& context, std::vector<int>& descriptors);
/// The context that a note is of, without control line and directory.
/// @returns nothing where the descriptors are not those of the note.
[[nodiscard]] std::optional<child_context> context_of(begin_note note,
                                                      std::vector<unique_fd> descriptors);

/// How many modules this process has ever loaded.
[[nodiscard]] std::uint64_t count_loaded_modules() noexcept;

}  // namespace bulkhead::os
