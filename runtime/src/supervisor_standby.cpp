// Spare processes of a supervisor's children.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <bulkhead/errc.hpp>
#include <csignal>

#include "standby_crew.hpp"
#include "supervisor_state.hpp"

namespace bulkhead::detail {
namespace {

exit_status never_prepared(exit_status status) {
  status.cause = death_cause::start_failure;
  status.text = "it was not prepared within the child's start_timeout";
  return status;
}

}  // namespace

// --- starts and promotions ---

void supervisor_state::start_spare(child& who) {
  standby_crew& crew = *who.crew;
  const auto member = std::make_shared<unasked_start>();
  runtime_state::start_order order = order_for(who, 0);
  member->is_spare = order.is_spare = true;
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

// The first that waits. @returns false: there is none.
bool supervisor_state::begin_with_spare(child& who, std::uint64_t incarnation, bool announced) {
  if (who.crew == nullptr) return false;
  const auto first = who.crew->pool.first_waiting();
  if (!first) return false;
  try {
    rt_->promote(*first, incarnation);
  } catch (const std::system_error& failure) {
    if (failure.code() != errc::stale_incarnation) throw;
    return false;  // we are about to be told of its end
  }
  const auto next = who.crew->members.at(*first);
  begin_with(who, *next, incarnation, announced);
  return true;
}

// --- what we are told ---

void supervisor_state::told_of_waiting(core::child_id id, std::uint32_t serial) {
  child* const who = find(id);
  if (who == nullptr) return;
  who->crew->pool.waits(serial);
  tend();
}

void supervisor_state::told_of_spare(core::child_id id, const unasked_start& spare,
                                     const exit_status& status) {
  --spares_alive_;
  if (child* const who = find(id)) {
    who->crew->members.erase(spare.serial);
    who->crew->pool.ended(spare.serial, core::is_blameless(status), now(), random_);
    const bool unasked = !spare.is_dismissed && !core::is_blameless(status);
    if (unasked) {
      emit(*who, who->process->pid(),
           events::standby_ended{spare.pid, spare.is_late ? never_prepared(status) : status});
    }
  }
  tend();
}

// --- what is to be done ---

void supervisor_state::dismiss_spares(child& who) {
  if (who.crew == nullptr) return;
  who.crew->pool.keep(false);
  for (const auto& [serial, member] : who.crew->members) {
    if (std::exchange(member->is_dismissed, true)) continue;
    who.crew->pool.dismissed(serial);
    end_unasked(serial);
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
    end_unasked(serial);
  }
}

// What is due beside the state machine's.
void supervisor_state::tend() {
  std::optional<core::instant> due;
  const auto note = [&](const std::optional<core::instant>& at) {
    if (at && (!due || *at < *due)) due = at;
  };
  for (const core::child_id id : with_standbys_) {
    child& who = *find(id);
    tend_spares(who);
    note(who.crew->pool.next_deadline());
  }
  note(tend_follows());
  end_if_alone();
  if (!due || ended()) return;
  standby_timer_.expires_at(std::max(*due, now()));
  standby_timer_.async_wait([self = weak_from_this()](auto failure) {
    const auto here = self.lock();
    if (!failure && here != nullptr) here->tend();
  });
}

}  // namespace bulkhead::detail
