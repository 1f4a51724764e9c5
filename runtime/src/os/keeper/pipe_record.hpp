#pragma once

#include <sys/types.h>

#include <array>
#include <bulkhead/exit_status.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "os/keeper/seat_table.hpp"
#include "os/pipe_memory.hpp"

namespace bulkhead::os {

// What the keeper knows of a pipe. Outside the table's class: to clang, what is nested in a class
// has no default constructor before the class ends, and so is no message.

/// A process that has an end, or had it.
struct pipe_holder {
  claimant who;
  std::string name;
  pid_t pid = 0;
};

struct pipe_end_facts {
  std::optional<pipe_holder> now;  ///< The living process that has it.
  pipe_holder last;                ///< The one that has it or had it last.
  claimant home;  ///< The supervised child, if any, whose incarnations have a right to it.
  exit_status status;
  bool carried = false;  ///< A message names it; who decodes that gets it.
};

struct pipe_record {
  using end = pipe_end_facts;

  std::uint64_t id = 0;
  std::string name;
  std::unique_ptr<pipe_memory> memory;
  std::array<pipe_end_facts, 2> ends;
  bool touched = true;     ///< Something changed that the next keeper must know.
  bool deposited = false;  ///< The host has its descriptors.
};

/// What the next keeper must know of it.
struct pipe_note {
  std::string name;
  std::array<pipe_end_facts, 2> ends;
};

}  // namespace bulkhead::os
