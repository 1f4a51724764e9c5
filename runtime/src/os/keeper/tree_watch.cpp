#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/keeper/estate.hpp"
#include "os/keeper/tree.hpp"

// Children with a watchdog: whether they live is for the keeper to say, which no host that is busy
// or stopped holds up.
namespace bulkhead::os {

// `pulse` is the new process's, which is not there yet.
void tree::watch(participant& child, const control::spawn& wanted, unique_fd& pulse) {
  if (!wanted.watch) return;
  pulse = pulse_memory::make_segment();
  child.watched_from_ready = wanted.watch->from_ready;
  watched_.add(child.who.serial, std::chrono::nanoseconds(wanted.watch->patience_ns),
               pulse_memory(pulse.get()));
  // Without a word at its entry that is the fork, as for its owner.
  const bool announces = wanted.setup && wanted.setup->announce;
  if (!announces && !child.watched_from_ready && child.spare == nullptr) {
    watched_.begin(child.who.serial, std::chrono::steady_clock::now());
  }
}

void tree::judge_watched() {
  for (const auto& [serial, found] : watched_.look(std::chrono::steady_clock::now())) {
    if (found == core::watchdog::verdict::hung) {
      give_up_on(serial);
    } else {
      ::syscall(SYS_pidfd_send_signal, participants_.at(serial).pidfd.get(), SIGKILL, nullptr, 0);
    }
  }
}

// Written down before anybody hears of it, so that a keeper that follows says the same of its end.
void tree::give_up_on(std::uint32_t serial) {
  participant& p = participants_.at(serial);
  p.is_hung = true;
  const ledger::key at{estate::of_child, 0, serial, 0};
  estate::child_note note;
  if (ledger_->get(at, note)) {
    note.is_hung = true;
    ledger_->put(at, note);
  }
  tell(p.who.owner, control::kind::hung, event_of(p));
  commit();
  ::syscall(SYS_pidfd_send_signal, p.pidfd.get(), SIGABRT, nullptr, 0);
  // One that was stopped would leave that signal for later.
  ::syscall(SYS_pidfd_send_signal, p.pidfd.get(), SIGCONT, nullptr, 0);
}

}  // namespace bulkhead::os
