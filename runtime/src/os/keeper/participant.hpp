#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "os/channel.hpp"
#include "os/keeper/control_groups.hpp"
#include "os/keeper/event_box.hpp"
#include "os/keeper/seat_table.hpp"
#include "os/keeper/spare.hpp"

namespace bulkhead::os {

/// A process of the tree, the host or a child, or an attached one of another tree, as the keeper
/// knows it.
struct participant {
  claimant who;  ///< Its serial, its owner's, its resume key.
  std::string name;
  pid_t pid = 0;
  unique_fd pidfd;
  std::uint32_t entry = 0;  ///< In the directory.
  channel control;
  event_box events;
  std::size_t children = 0;         ///< Running ones of its own.
  bool is_left_by_another = false;  ///< It was attached to a keeper before this one, and has not
                                    ///< come back yet.
  bool attached = false;            ///< Not ours to kill or reap: only its pidfd tells its end.

  bool is_command = false;  ///< Of another executable: its stop request is SIGTERM until it enters.
  bool inherits = false;    ///< It keeps its line over the exec.
  bool has_cpu_limit = false;
  control_group group;   ///< In which some of its limits are kept.
  bool entered = false;  ///< Its owner was told, if it wanted to be.
  bool ready = false;

  std::unique_ptr<os::spare> spare;       ///< Until it is promoted, if it is one.
  std::optional<control::follow> follow;  ///< What is to be done at its end without asking.
  std::unique_ptr<control::spawn> start;  ///< How it was started, where that may be done again so.

  bool stop_requested = false;
  bool watched_from_ready = false;  ///< Its watchdog begins with `ready`; else with its entry.
  std::uint64_t signals_sent = 0;   ///< By those above it, through us: bit n - 1 is signal n.
  bool is_hung = false;             ///< We are ending it, because it gave no sign of life.
  std::optional<control::last_words> words;
  std::string fault;  ///< Why we ended it, if we did.
};

}  // namespace bulkhead::os
