// Spare processes of a supervisor's children.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <bulkhead/errc.hpp>
#include <csignal>

#include "standby_crew.hpp"
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

exit_status never_prepared(exit_status status) {
  status.cause = death_cause::start_failure;
  status.text = "it was not prepared within the child's start_timeout";
  return status;
}

}  // namespace

standby_crew::standby_crew(const child_spec& spec)
    : pool(spec.standby, spec.backoff, spec.start_timeout), codes(4) {
  const core::child_rules rules = core::rules_of(spec, child_kind::worker);
  for (unsigned n = 0; n < 256; ++n) {
    const bool again = core::is_restarted(rules, ended_with(static_cast<int>(n), 0));
    if (again) codes[n / 64] |= std::uint64_t{1} << n % 64;
  }
  for (int n = 1; n <= 64; ++n) {
    if (core::is_restarted(rules, ended_with(-1, n))) signals |= std::uint64_t{1} << (n - 1);
  }
}

// --- starts and promotions ---

void supervisor_state::start_spare(child& who) {
  standby_crew& crew = *who.crew;
  const auto member = std::make_shared<standby_member>();
  runtime_state::start_order order = order_for(who, 0);
  order.is_spare = true;
  try {
    const auto begun = rt_->start(
        order,
        [self = shared_from_this(), id = who.id, member](const os::control::exited& event) {
          self->told_of_end(id, member, event);
        },
        [self = shared_from_this(), id = who.id, member](auto what) {
          if (member->incarnation != 0) return self->told_of_up(id, member->incarnation, what);
          if (what == os::control::kind::waiting) self->told_of_waiting(id, member->serial);
        });
    member->serial = begun.serial;
    member->pid = begun.pid;
    crew.members.emplace(begun.serial, member);
    crew.pool.started(begun.serial, now());
    ++spares_alive_;
  } catch (const std::system_error& failure) {
    crew.pool.start_failed(now(), random_);
    exit_status status;
    status.code = -1;
    status.cause = death_cause::start_failure;
    status.text = failure.what();
    emit(who, 0, events::standby_ended{0, status});
  }
}

// What the keeper has promoted already, or else the first that waits. @returns false: there is
// none.
bool supervisor_state::begin_with_spare(child& who, std::uint64_t incarnation, bool announced) {
  if (who.crew == nullptr) return false;
  standby_crew& crew = *who.crew;
  std::shared_ptr<standby_member> next = std::exchange(crew.successor, nullptr);
  if (next == nullptr) {
    const auto first = crew.pool.first_waiting();
    if (!first) return false;
    try {
      rt_->promote(*first, incarnation);
    } catch (const std::system_error& failure) {
      if (failure.code() != errc::stale_incarnation) throw;
      return false;  // we are about to be told of its end
    }
    next = crew.members.at(*first);
  }
  become_child(crew, *next, incarnation);
  who.process->begin(next->serial, next->pid, incarnation);
  emit(who, next->pid, events::standby_promoted{});
  if (!announced) machine_.started(who.id, incarnation, next->pid, now());
  return true;
}

void supervisor_state::become_child(standby_crew& crew, standby_member& spare,
                                    std::uint64_t incarnation) {
  spare.incarnation = incarnation;
  crew.pool.promoted(spare.serial);
  crew.members.erase(spare.serial);
  --spares_alive_;
}

template <class What>
void supervisor_state::emit(const child& who, pid_t pid, What what) {
  execute(core::commands::emit{supervision_event{.time = now(),
                                                 .supervisor = path_,
                                                 .child = who.process->name(),
                                                 .pid = pid,
                                                 .incarnation = who.process->incarnation(),
                                                 .what = std::move(what)}});
}

// --- what we are told ---

void supervisor_state::told_of_waiting(core::child_id id, std::uint32_t serial) {
  child* const who = find(id);
  if (who == nullptr) return;
  who->crew->pool.waits(serial);
  tend_standbys();
}

// Of a process that was started as a spare.
void supervisor_state::told_of_end(core::child_id id, const std::shared_ptr<standby_member>& member,
                                   const os::control::exited& event) {
  if (member->incarnation != 0 && !member->instead_of) {
    return told_of_end(id, member->incarnation, event);
  }
  if (member->instead_of) {  // it took the place of one that is not to be replaced
    const auto before = *std::exchange(member->instead_of, std::nullopt);
    return told_of_end(id, before.incarnation, before.status);
  }
  --spares_alive_;
  if (child* const who = find(id)) {
    who->crew->members.erase(member->serial);
    who->crew->pool.ended(member->serial, core::is_blameless(event.status), now(), random_);
    const bool unasked = !member->is_dismissed && !core::is_blameless(event.status);
    if (unasked) {
      emit(*who, who->process->pid(),
           events::standby_ended{member->pid,
                                 member->is_late ? never_prepared(event.status) : event.status});
    }
  }
  tend_standbys();
}

// The keeper has replaced a child by a spare, because it was to. Where that is not so any more, as
// something else happened at that moment, the spare is ended first: then nothing of it overlaps
// with what is decided now.
// @returns false: the child's end is to be told later.
bool supervisor_state::accept_successor(child& who, std::uint64_t incarnation,
                                        const os::control::exited& event) {
  const auto found = who.crew->members.find(event.next_serial);
  if (found == who.crew->members.end()) return true;
  const auto next = found->second;
  if (machine_.restarts_at_once(who.id, incarnation, event.status, now())) {
    who.crew->successor = next;
    return true;
  }
  become_child(*who.crew, *next, incarnation + 1);
  next->instead_of = {incarnation, event.status};
  end_spare(next->serial);
  return false;
}

// Nobody wanted it after all.
void supervisor_state::give_up_successor(child& who) noexcept {
  if (who.crew == nullptr || who.crew->successor == nullptr) return;
  end_spare(std::exchange(who.crew->successor, nullptr)->serial);
}

void supervisor_state::end_spare(std::uint32_t serial) noexcept {
  try {
    rt_->signal(serial, SIGKILL);
  } catch (const std::exception&) {
    // It has ended, or its keeper has, and it with it.
  }
}

// --- what is to be done ---

void supervisor_state::dismiss_spares(child& who) {
  if (who.crew == nullptr) return;
  who.crew->pool.keep(false);
  for (const auto& [serial, member] : who.crew->members) {
    if (std::exchange(member->is_dismissed, true)) continue;
    who.crew->pool.dismissed(serial);
    end_spare(serial);
  }
}

// As many as there are to be while the child is up; while it is started again those that there are;
// none when it is stopped. One start at a time, so that other things can come between.
void supervisor_state::tend_spares(child& who) {
  const auto state = machine_.doing(who.process->name());
  if (!state || *state == child_state::stopped) return dismiss_spares(who);
  who.crew->pool.keep(*state == child_state::running);
  if (who.crew->pool.missing(now()) != 0) start_spare(who);
  for (const auto serial : who.crew->pool.take_late(now())) {
    who.crew->members.at(serial)->is_late = true;
    end_spare(serial);
  }
}

// The keeper is told which children it may replace unasked, as many as their supervisor can bear.
// @returns when that may change by itself.
std::optional<core::instant> supervisor_state::tend_follow(child& who, std::size_t& failures_left) {
  const auto from = machine_.restarts_at_once_from(who.id, now());
  const bool wanted = from && *from <= now() && failures_left != 0;
  if (wanted) --failures_left;
  const std::uint64_t incarnation = who.process->incarnation();
  const bool is_told = who.crew->followed != 0 && who.crew->followed == incarnation;
  if (wanted != is_told) {
    os::control::follow rule{who.process->serial(), 0, {}, 0};
    if (wanted) {
      rule = {rule.serial, static_cast<std::uint32_t>(incarnation + 1), who.crew->codes,
              who.crew->signals};
    }
    who.crew->followed = wanted ? incarnation : 0;
    rt_->follow(rule);
  }
  return wanted ? std::nullopt : from;
}

void supervisor_state::tend_standbys() {
  if (with_standbys_.empty()) return end_if_alone();
  std::optional<core::instant> due;
  const auto note = [&](const std::optional<core::instant>& at) {
    if (at && (!due || *at < *due)) due = at;
  };
  std::size_t failures_left = machine_.failures_left(now());
  for (const core::child_id id : with_standbys_) {
    child& who = *find(id);
    tend_spares(who);
    note(tend_follow(who, failures_left));
    note(who.crew->pool.next_deadline());
  }
  end_if_alone();
  if (!due) return;
  standby_timer_.expires_at(std::max(*due, now()));
  standby_timer_.async_wait([self = weak_from_this()](auto failure) {
    const auto here = self.lock();
    if (!failure && here != nullptr) here->tend_standbys();
  });
}

}  // namespace bulkhead::detail
