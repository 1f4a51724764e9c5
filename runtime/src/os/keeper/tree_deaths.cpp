#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "os/keeper/estate.hpp"
#include "os/keeper/tree.hpp"

namespace bulkhead::os {
namespace {

constexpr std::size_t text_bytes_max = 4096;

std::int64_t now_ns() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

core::casualty casualty_of(const participant& p, const exit_status& status) {
  core::casualty dead;
  dead.serial = p.who.serial;
  const bool was_sent = status.signal != 0 && (p.signals_sent >> (status.signal - 1) & 1) != 0;
  dead.own_doing = status.own_doing() && !was_sent;
  dead.note.time_ns = now_ns();
  dead.note.code = status.code;
  dead.note.signal = status.signal;
  dead.note.pid = p.pid;
  dead.note.cause = static_cast<std::uint8_t>(status.cause);
  dead.note.core = status.core ? 1 : 0;
  return dead;
}

// What the other sides of its pipes are told of an attached program: nobody's child tells nobody
// how it ended, and what it sent may be a part only.
exit_status unknown_end() {
  exit_status end;
  end.code = -1;
  end.cause = death_cause::exit;
  end.text = "it was an attached program, so how it ended is not known";
  return end;
}

}  // namespace

// Looks without reaping first, because an ended child's number is its own only until then.
// Processes that are nobody's here are what a child left behind; they came to us as their nearest
// reaper.
void tree::reap_ended() {
  // Only where there may be more: a signal that comes after the last read wakes us again.
  signalfd_siginfo ignored[16];
  while (::read(child_signals_.get(), ignored, sizeof ignored) ==
         static_cast<ssize_t>(sizeof ignored)) {
  }
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    const auto known = by_pid_.find(info.si_pid);
    const auto found =
        known == by_pid_.end() ? participants_.end() : participants_.find(known->second);
    if (found != participants_.end()) read_last_words(found->second);
    siginfo_t reaped{};
    if (::waitid(P_PID, static_cast<id_t>(info.si_pid), &reaped, WEXITED | WNOHANG) != 0) return;
    if (reserve_ && reserve_->pid == info.si_pid) reserve_.reset();
    if (found == participants_.end()) continue;
    participant& p = found->second;
    bury(p, status_of(p, reaped.si_code, reaped.si_status));
  }
}

// A sleeper that was stopped is chosen by nobody, or it would keep a wake-up from the others; when
// it goes on it looks for itself.
void tree::heed_stopped() {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG) != 0 || info.si_pid == 0) return;
    const auto known = by_pid_.find(info.si_pid);
    if (known == by_pid_.end()) continue;
    if (info.si_code == CLD_CONTINUED) {
      queues_.rouse(known->second);
    } else {
      queues_.pass_over(known->second);
    }
  }
}

// Only these: what else a dead process asked for, nobody waits for.
void tree::read_last_words(participant& p) {
  datagram request;
  while (p.control && p.control.receive(request) == receive_result::received) {
    control::last_words words;
    const control::kind what = request.head.kind;
    if (what == control::kind::last_words && request.read(words)) p.words = words;
    if (what == control::kind::entered || what == control::kind::ready) announce(p, what);
  }
}

// Once each: who calls ready again says nothing new.
void tree::announce(participant& p, control::kind what) {
  if (what == control::kind::waiting) return note_waiting(p);
  if (p.spare != nullptr) return;  // it is not up before it is the child
  bool& told = what == control::kind::entered ? p.entered : p.ready;
  if (std::exchange(told, true)) return;
  const bool is_ready = what == control::kind::ready;
  if (is_ready == p.watched_from_ready) {
    watched_.begin(p.who.serial, std::chrono::steady_clock::now());
  }
  tell(p.who.owner, what, event_of(p));
}

control::exited tree::event_of(const participant& p) {
  control::exited event;
  event.serial = p.who.serial;
  event.pid = p.pid;
  return event;
}

exit_status tree::status_of(const participant& p, int code, int status) const {
  exit_status out;
  if (code == CLD_EXITED) {
    out.code = status;
    out.cause = death_cause::exit;
    if (p.stop_requested && status == 0) out.cause = death_cause::stopped;
  } else {
    out.code = -1;
    out.signal = status;
    out.core = code == CLD_DUMPED;
    out.cause = death_cause::signal;
    // From whom it came the kernel does not tell.
    const bool ending = status == SIGKILL || status == SIGTERM;
    if (p.stop_requested && ending) out.cause = death_cause::stopped;
  }
  if (p.has_cpu_limit && out.signal == SIGXCPU) out.cause = death_cause::cpu_limit;
  if (out.signal == SIGKILL && control_groups::ran_out_of_memory(p.group)) {
    out.cause = death_cause::memory_limit;
  }
  if (p.words) {
    const death_cause said = p.words->cause;
    const bool known = said == death_cause::start_failure || said == death_cause::memory_limit;
    out.cause = known ? said : death_cause::exception;
    out.text = p.words->text.substr(0, text_bytes_max);
  }
  if (!p.fault.empty()) out.text = p.fault;
  // Whatever it did about that signal, or did too late.
  if (p.is_hung) out.cause = death_cause::watchdog;
  return out;
}

// Everything that the process held is settled before anybody hears of its end, so that whoever
// starts the next incarnation starts it into a clean queue.
void tree::bury(participant& p, const exit_status& end) {
  if (p.children != 0) kill_children_of(p.who.serial);
  groups_->remove(p.group);
  const core::recovery_report report = queues_.bury_process(casualty_of(p, end));
  for (const std::uint64_t back : queues_.take_returned_ends()) pipes_.give_back(back);
  pipes_.bury_process(p.who.serial, p.attached ? unknown_end() : end,
                      [this](std::uint64_t name) { return queues_.is_carried(name); });
  publications_.remove_all_of(p.who.serial);
  const std::uint32_t owner = p.who.owner;
  control::exited event = event_of(p);
  event.status = end;
  event.redelivered = report.redelivered;
  event.buried = report.buried;
  event.stuck = report.stuck;
  if (p.spare != nullptr) waiting_spares_.erase({owner, p.spare->resume_key, p.who.serial});
  watched_.remove(p.who.serial);
  hang_up(p);
  if (p.events.is_blocked()) poller_.remove(p.events.fd());
  if (p.attached) {
    poller_.remove(p.pidfd.get());
    forget_attached(p.who.serial);
  } else {
    ledger_->erase({estate::of_child, 0, p.who.serial, 0});
    ledger_->end_life(p.entry);
    directory_.give_back(p.entry);
    by_pid_.erase(p.pid);
  }
  const std::size_t children = p.children;
  const claimant who = p.who;
  const std::optional<control::follow> rule = p.stop_requested ? std::nullopt : std::move(p.follow);
  std::unique_ptr<control::spawn> kept = std::move(p.start);
  participants_.erase(who.serial);
  if (children != 0) {
    departed_.emplace(event.serial, departed{owner, children, std::move(event)});
    return;
  }
  if (const participant* const next = follow_up(who, rule, std::move(kept), end)) {
    event.next_serial = next->who.serial;
    event.next_pid = next->pid;
  }
  tell_of_end(owner, std::move(event));
}

// A supervisor that is started again would otherwise run beside what its predecessor started.
void tree::tell_of_end(std::uint32_t owner, control::exited event) {
  const auto there = participants_.find(owner);
  if (there != participants_.end()) {
    --there->second.children;
    return tell(owner, control::kind::exited, std::move(event));
  }
  const auto gone = departed_.find(owner);
  if (gone == departed_.end() || --gone->second.children != 0) return;
  departed last = std::move(gone->second);
  departed_.erase(gone);
  tell_of_end(last.owner, std::move(last.event));
}

void tree::kill_children_of(std::uint32_t serial) noexcept {
  for (const auto& [other, p] : participants_) {
    if (p.who.owner == serial) {
      ::syscall(SYS_pidfd_send_signal, p.pidfd.get(), SIGKILL, nullptr, 0);
    }
  }
}

void tree::tell(std::uint32_t serial, control::kind what, control::exited event) {
  const auto owner = participants_.find(serial);
  if (owner == participants_.end()) return;
  commit();
  const bool watched = owner->second.events.is_blocked();
  owner->second.events.put(what, std::move(event));
  if (!watched) watch_events(owner->second);
}

void tree::watch_events(participant& p) {
  if (p.events.is_blocked()) {
    poller_.add_writer(p.events.fd(), {poller::what::events, p.who.serial});
  }
}

}  // namespace bulkhead::os
