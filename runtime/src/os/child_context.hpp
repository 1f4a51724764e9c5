#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/control.hpp"
#include "os/keeper/control_groups.hpp"
#include "os/unique_fd.hpp"

namespace bulkhead::os {

/// What a new child gets from the keeper, which made it.
struct child_context {
  struct endpoint {
    std::uint64_t queue = 0;  ///< Or a pipe's end: control::pipe_bit.
    std::string name;
    unique_fd segment;
    unique_fd bells[2];
    std::uint32_t seat = 0;
    std::uint32_t epoch = 0;
    std::uint64_t sent_before = 0;  ///< See control::seat_reply.
  };

  std::uint32_t serial = 0;
  std::uint32_t entry = 0;  ///< Its place in the directory.
  std::uint32_t incarnation = 1;
  std::string name;
  unique_fd control;               ///< For keeper_link.
  unique_fd directory;             ///< For directory_memory.
  unique_fd pulse;                 ///< For pulse_memory, where somebody watches it.
  std::uint64_t patience_ns = 0;   ///< Then: the longest silence.
  unique_fd standby;               ///< For standby_memory, where it is a spare.
  const void* prepare = nullptr;   ///< control::spawn::prepare, found; nullptr: none was named.
  const void* function = nullptr;  ///< control::spawn::entry, found.
  const void* target = nullptr;    ///< control::spawn::target, found; nullptr: none was named.
  std::uint64_t fingerprint = 0;
  std::vector<std::byte> arguments;
  std::optional<control::process_setup> setup;
  control_group group;  ///< In which some of its limits are kept; perhaps none.
  std::vector<unique_fd> streams_and_directory;  ///< As `setup` says.
  std::vector<endpoint> endpoints;               ///< In the order of control::spawn::endpoints.
};

/// Runs a child and returns its exit code, with which the process then calls std::exit.
using child_main = int (*)(child_context context);

}  // namespace bulkhead::os
