#include "os/keeper/forked_child.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "os/keeper/child_setup.hpp"
#include "os/keeper/descriptors.hpp"
#include "os/keeper/signals.hpp"

namespace bulkhead::os {
namespace {

// The same queue twice, or both ends of a pipe, among the endpoints came as one descriptor, and
// each endpoint will close its own.
void part_shared_descriptors(child_context& context) {
  std::vector<int> seen;
  for (child_context::endpoint& e : context.endpoints) {
    for (unique_fd* fd : {&e.segment, &e.bells[0], &e.bells[1]}) {
      if (*fd && std::find(seen.begin(), seen.end(), fd->get()) != seen.end()) {
        unique_fd own = fd->duplicate();
        static_cast<void>(fd->release());
        *fd = std::move(own);
      }
      seen.push_back(fd->get());
    }
  }
}

std::vector<int> descriptors_of(const child_context& context) {
  std::vector<int> kept = {0, 1, 2, context.control.get(), context.directory.get()};
  if (context.pulse) kept.push_back(context.pulse.get());
  if (context.standby) kept.push_back(context.standby.get());
  for (const child_context::endpoint& e : context.endpoints) {
    for (const unique_fd* fd : {&e.segment, &e.bells[0], &e.bells[1]}) kept.push_back(fd->get());
  }
  for (const unique_fd& fd : context.streams_and_directory) kept.push_back(fd.get());
  return kept;
}

void set_up(child_context& context) noexcept {
  try {
    control_groups::enter(context.group);
    apply_setup(*context.setup, context.streams_and_directory);
    if (!context.setup->command.empty()) execute_command(context);
  } catch (const std::exception& failure) {
    fail_start(context, failure.what());
  }
}

}  // namespace

void become_child(child_context&& context, const rlimit& descriptors, child_main run) noexcept {
  close_all_but(descriptors_of(context));
  part_shared_descriptors(context);
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
  ::prctl(PR_SET_NAME, context.name.c_str());
  unblock_child_signals();
  if (context.setup) set_up(context);
  std::exit(run(std::move(context)));
}

}  // namespace bulkhead::os
