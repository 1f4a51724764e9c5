// What the keeper starts for a supervisor without asking, because it was told before that it may:
// so a restart needs no answer of a host that is busy.
#include <bulkhead/errc.hpp>
#include <csignal>

#include "supervisor_state.hpp"

namespace bulkhead::detail {
namespace {

exit_status ended_with(int code, int signal) {
  exit_status status;
  status.code = code;
  status.signal = signal;
  status.cause = signal != 0 ? death_cause::signal : death_cause::exit;
  return status;
}

}  // namespace

foreseen_ends::foreseen_ends(const child_spec& spec) : codes(4) {
  const core::child_rules rules = core::rules_of(spec, child_kind::worker);
  for (unsigned n = 0; n < 256; ++n) {
    const bool again = core::is_restarted(rules, ended_with(static_cast<int>(n), 0));
    if (again) codes[n / 64] |= std::uint64_t{1} << n % 64;
  }
  for (int n = 1; n <= 64; ++n) {
    if (core::is_restarted(rules, ended_with(-1, n))) signals |= std::uint64_t{1} << (n - 1);
  }
}

// --- what the keeper may do ---

void supervisor_state::tell_follow(const child& who, std::uint64_t next) {
  const bool may = next != 0;
  rt_->follow({who.process->serial(), static_cast<std::uint32_t>(next),
               may ? who.ends->codes : std::vector<std::uint64_t>(), may ? who.ends->signals : 0});
}

void supervisor_state::note_up(child& who) {
  if (who.ends == nullptr) return;
  note_down(who);
  to_follow_.emplace(who.may_follow_from = core::instant::min(), who.id);
}

void supervisor_state::note_down(child& who) {
  followed_.erase(who.id);
  to_follow_.erase({who.may_follow_from, who.id});
}

// A child that is being killed is not to be followed as one that was killed from outside.
void supervisor_state::forbid_follow(child& who) {
  if (followed_.erase(who.id) != 0) tell_follow(who, 0);
}

// The keeper may start again as many as their supervisor can bear failures of, so that no more are
// started than it would start itself.
// @returns when another may be followed.
std::optional<core::instant> supervisor_state::tend_follows() {
  const core::instant time = now();
  const std::size_t most = machine_.failures_left(time);
  while (followed_.size() > most) {
    child& last = *find(*followed_.rbegin());
    forbid_follow(last);
    to_follow_.emplace(last.may_follow_from = core::instant::min(), last.id);
  }
  while (!to_follow_.empty() && followed_.size() < most) {
    const auto [due, id] = *to_follow_.begin();
    if (due > time) return due;
    to_follow_.erase(to_follow_.begin());
    child& who = *find(id);
    const auto from = machine_.restarts_at_once_from(id, time);
    if (!from) continue;  // not before it is up again
    if (*from > time) {
      to_follow_.emplace(who.may_follow_from = *from, id);
      continue;
    }
    followed_.insert(id);
    tell_follow(who, who.process->incarnation() + 1);
  }
  return std::nullopt;
}

// --- what it has done ---

// Where it is not to be so any more, as something else happened at that moment, what the keeper has
// started is ended first: then nothing of it overlaps with what is decided now.
// @returns false: the child's end is to be told later.
bool supervisor_state::accept_successor(child& who, std::uint64_t incarnation,
                                        const os::control::exited& event) {
  const auto next = take_in(who, event);
  if (machine_.restarts_at_once(who.id, incarnation, event.status, now())) {
    who.successor = next;
    return true;
  }
  become_child(who, *next, incarnation + 1);
  next->instead_of = {incarnation, event.status};
  end_unasked(next->serial);
  return false;
}

// A spare of ours, or a process that we hear of for the first time.
std::shared_ptr<unasked_start> supervisor_state::take_in(child& who,
                                                         const os::control::exited& event) {
  if (who.crew != nullptr) {
    const auto found = who.crew->members.find(event.next_serial);
    if (found != who.crew->members.end()) return found->second;
  }
  const auto next = std::make_shared<unasked_start>();
  next->serial = event.next_serial;
  next->pid = event.next_pid;
  rt_->take_in(
      next->serial,
      [self = shared_from_this(), id = who.id, next](const os::control::exited& end) {
        self->told_of_end(id, next, end);
      },
      [self = shared_from_this(), id = who.id, next](auto what) {
        if (next->incarnation != 0) self->told_of_up(id, next->incarnation, what);
      });
  return next;
}

void supervisor_state::become_child(child& who, unasked_start& next, std::uint64_t incarnation) {
  next.incarnation = incarnation;
  if (!next.is_spare) return;
  who.crew->pool.promoted(next.serial);
  who.crew->members.erase(next.serial);
  --spares_alive_;
}

void supervisor_state::begin_with(child& who, unasked_start& next, std::uint64_t incarnation,
                                  bool announced) {
  become_child(who, next, incarnation);
  who.process->begin(next.serial, next.pid, incarnation);
  if (next.is_spare) emit(who, next.pid, events::standby_promoted{});
  if (!announced) machine_.started(who.id, incarnation, next.pid, now());
}

// Nobody wanted it after all.
void supervisor_state::give_up_successor(child& who) noexcept {
  if (who.successor == nullptr) return;
  end_unasked(std::exchange(who.successor, nullptr)->serial);
}

void supervisor_state::end_unasked(std::uint32_t serial) noexcept {
  try {
    rt_->take_in(serial, [](const auto& /*end*/) {}, {});  // where nobody waits for its end
    rt_->signal(serial, SIGKILL);
  } catch (const std::exception&) {
    // It has ended, or its keeper has, and it with it.
  }
}

// Of a process that was started unasked.
void supervisor_state::told_of_end(core::child_id id, const std::shared_ptr<unasked_start>& member,
                                   const os::control::exited& event) {
  if (member->incarnation != 0 && !member->instead_of) {
    return told_of_end(id, member->incarnation, event);
  }
  if (member->instead_of) {  // it took the place of one that is not to be replaced
    const auto before = *std::exchange(member->instead_of, std::nullopt);
    return told_of_end(id, before.incarnation, before.status);
  }
  if (member->is_spare) told_of_spare(id, *member, event.status);
}

}  // namespace bulkhead::detail
