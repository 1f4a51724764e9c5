#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace soak {

struct resident {
  pid_t pid = 0;
  std::string name;    ///< As the kernel has it.
  bool ended = false;  ///< And not reaped yet.
};

/// The children of a process, which are the whole tree where it is the keeper.
/// But for the process that a keeper has forked for the next start.
std::vector<resident> children_of(pid_t parent);

/// The descriptors that a process has open, each as what it is of: "anon_inode:[eventfd]".
std::vector<std::string> descriptors_of(pid_t pid);

/// Sends a signal to a child of `parent`, and to nobody else, whoever got its number meanwhile.
/// @returns false: it is no more.
bool signal_child(pid_t parent, pid_t child, int number);

}  // namespace soak
