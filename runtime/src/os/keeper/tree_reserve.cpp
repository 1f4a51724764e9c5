#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "os/keeper/descriptors.hpp"
#include "os/keeper/forked_child.hpp"
#include "os/keeper/tree.hpp"
#include "os/warm_up.hpp"

// Forking takes its time, and so does what a forked process touches first. So, once a process was
// asked for, one is forked for the next time; when no more have been asked for a while, so that
// many in a row cost no more than they must. Where none is there, or it cannot be what is wanted, a
// process is forked as it is asked for.
namespace bulkhead::os {

// In the new process; with descriptors that are the keeper's numbers.
void tree::wait_in_reserve(int line_fd, pid_t keeper) {
  const std::uint64_t begun_ns = ledger::life_clock_ns();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != keeper) ::_exit(0);
  ::prctl(PR_SET_NAME, "bh-reserve");
  close_all_but({0, 1, 2, line_fd, ledger_->fd(), directory_.fd()});
  warm_up();
  channel line((unique_fd(line_fd)));
  datagram words;
  begin_note note;
  if (line.receive_until(words) != receive_result::received || !words.read(note)) ::_exit(0);
  // As what was forked when it was asked for: before anything else.
  ledger::begin_life(ledger_->fd(), note.entry, note.serial, begun_ns);
  auto context = context_of(std::move(note), std::move(words.descriptors));
  if (!context) ::_exit(0);
  context->control = line.take();
  context->directory = unique_fd(directory_.fd());
  become_child(std::move(*context), descriptors_, run_child_);
}

// Who asks for many in a row does not wait for one that nobody asked for. On a busy machine all
// takes longer, also the way from a reply to the next request.
void tree::plan_reserve() noexcept {
  constexpr clock::duration quiet_least = std::chrono::milliseconds(2);
  constexpr int forks = 4;
  reserve_at_ = clock::now() + std::max(quiet_least, forks * fork_took_);
}

// It is a convenience: where none can be made, there is none.
void tree::make_reserve() noexcept {
  reserve_at_.reset();
  if (reserve_) return;
  try {
    auto [ours, its] = channel::make_pair();
    const pid_t keeper = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return;
    if (pid == 0) wait_in_reserve(its.fd(), keeper);
    // What both have would be copied by whoever writes to it first, when there is less time.
    warm_up_memory();
    reserve_.emplace(reserve{pid, unique_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
                             std::move(ours), count_loaded_modules()});
    if (!reserve_->pidfd) drop_reserve();
  } catch (const std::exception&) {
    // No memory, no descriptors.
  }
}

void tree::drop_reserve() noexcept {
  if (!reserve_) return;
  ::kill(reserve_->pid, SIGKILL);  // not reaped yet: the number is still its own
  reserve_.reset();
}

// @returns false: there is none, or it cannot be that process.
bool tree::begin_reserve(participant& child, const child_context& context) {
  // What was loaded since is not in its memory.
  if (reserve_ && reserve_->modules_loaded != count_loaded_modules()) drop_reserve();
  if (!reserve_ || child.is_command || !context.group.folders.empty()) return false;
  std::vector<int> descriptors;
  const begin_note note = note_of(context, descriptors);
  if (descriptors.size() + 1 >= descriptors_max) return false;
  reserve taken = std::move(*reserve_);
  reserve_.reset();
  // One that is there no more, or cannot be told, ends as one that is killed before it did
  // anything.
  if (taken.line.send(control::kind::spawn, note, descriptors)) ::kill(taken.pid, SIGKILL);
  child.control = std::move(taken.line);
  child.pid = taken.pid;
  child.pidfd = std::move(taken.pidfd);
  return true;
}

}  // namespace bulkhead::os
