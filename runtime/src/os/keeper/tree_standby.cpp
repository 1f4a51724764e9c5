#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bulkhead/errc.hpp>

#include "os/keeper/estate.hpp"
#include "os/keeper/request.hpp"
#include "os/keeper/tree.hpp"

// Spares: processes that are prepared and wait to be the next incarnation of a child. At a
// promotion they get what a new process gets before its fork.
namespace bulkhead::os {
namespace {

// Only what its owner has answered beforehand; of all else it decides itself.
bool is_foreseen(const control::follow& rule, const exit_status& end) {
  if (end.cause == death_cause::stopped || end.cause == death_cause::parent_gone ||
      end.cause == death_cause::start_failure) {
    return false;
  }
  const auto has = [](std::uint64_t bits, int n) { return (bits >> n & 1) != 0; };
  if (end.signal != 0) return end.signal <= 64 && has(rule.signals, end.signal - 1);
  const auto word = static_cast<std::size_t>(end.code) / 64;
  return end.code >= 0 && word < rule.codes.size() && has(rule.codes[word], end.code % 64);
}

}  // namespace

// `page` is the new process's, which is not there yet.
void tree::make_spare(participant& child, const control::spawn& wanted, unique_fd& page) {
  if (!wanted.is_spare) return;
  if (wanted.resume_key == 0 || child.is_command) throw garbage{};
  const std::size_t count = wanted.endpoints.size();
  page = standby_memory::make_segment(count);
  const bool announces = wanted.setup && wanted.setup->announce;
  child.spare = std::make_unique<spare>(
      spare{standby_memory(page.get(), count, standby_memory::role::keeper), wanted.resume_key,
            wanted.endpoints, wanted.watch && !wanted.watch->from_ready && !announces, false});
}

void tree::note_waiting(participant& p) {
  if (p.spare == nullptr || std::exchange(p.spare->waits, true)) return;
  waiting_spares_.emplace(p.who.owner, p.spare->resume_key, p.who.serial);
  tell(p.who.owner, control::kind::waiting, event_of(p));
}

// After it the spare is the child, and runs as soon as it is scheduled. Written down before that,
// so that a keeper that follows settles what it may have done.
void tree::enlist(participant& to, const claimant& giver, std::uint32_t incarnation) {
  const std::unique_ptr<spare> was = std::move(to.spare);
  const claimant before =
      std::exchange(to.who, claimant{to.who.serial, to.who.owner, was->resume_key});
  pipe_grants grants;
  try {
    for (std::size_t n = 0; n < was->endpoints.size(); ++n) {
      child_context::endpoint e;
      take_endpoint(was->endpoints[n], to.who, to.name, giver, grants, e);
      was->page.set_seat(n, {e.seat, e.epoch, e.sent_before});
    }
  } catch (...) {
    undo_joins(was->endpoints, to.who.serial, grants);
    to.who = before;
    to.spare = std::make_unique<spare>(std::move(*was));
    throw;
  }
  waiting_spares_.erase({to.who.owner, was->resume_key, to.who.serial});
  for (const auto& given : grants) pipes_.resume(given);
  confirm_endpoints(to, was->endpoints, grants);
  ledger_->put({estate::of_child, 0, to.who.serial, 0}, note_of_child(to.who, was->endpoints));
  if (was->watched_from_start) {
    watched_.begin(to.who.serial, std::chrono::steady_clock::now());
  }
  commit();
  was->page.promote(incarnation);
  // On this processor, perhaps: it goes first.
  ::sched_yield();
}

void tree::promote(participant& p, const datagram& request) {
  const auto wanted = body_of<control::promote>(request);
  participant& to = below(p, wanted.serial);
  if (to.who.owner != p.who.serial || wanted.incarnation == 0) throw garbage{};
  if (to.spare == nullptr || !to.spare->waits) {
    throw error(make_error_code(errc::stale_incarnation),
                "process " + std::to_string(wanted.serial) + " is no spare that waits");
  }
  enlist(to, p.who, wanted.incarnation);
  reply(p, request.head.kind, control::spawn_reply{to.who.serial, to.pid});
}

// Nobody waits for an answer. It may have ended meanwhile.
void tree::note_follow(participant& p, const datagram& request) {
  auto rule = body_of<control::follow>(request);
  const auto found = participants_.find(rule.serial);
  if (found == participants_.end() || found->second.who.owner != p.who.serial) return;
  found->second.follow.reset();
  if (rule.incarnation != 0) found->second.follow = std::move(rule);
}

participant* tree::find_spare(const claimant& of) {
  const auto first = waiting_spares_.lower_bound({of.owner, of.resume_key, 0});
  if (first == waiting_spares_.end() || std::get<0>(*first) != of.owner ||
      std::get<1>(*first) != of.resume_key) {
    return nullptr;
  }
  return &participants_.at(std::get<2>(*first));
}

// A child has ended, and all that it held is settled. `kept`: how it was started, where that may be
// done again.
// @returns what has taken its place; nullptr: its owner decides what follows.
const participant* tree::follow_up(const claimant& dead, const std::optional<control::follow>& rule,
                                   std::unique_ptr<control::spawn> kept, const exit_status& end) {
  if (!rule || !is_foreseen(*rule, end)) return nullptr;
  const auto owner = participants_.find(dead.owner);
  if (owner == participants_.end()) return nullptr;
  try {
    if (participant* const spare = find_spare(dead)) {
      enlist(*spare, owner->second.who, rule->incarnation);
      return spare;
    }
    if (kept == nullptr) return nullptr;
    kept->incarnation = rule->incarnation;
    participant& next = start_child(owner->second, *kept, {});
    next.start = std::move(kept);
    return &next;
  } catch (...) {
    return nullptr;  // its owner will be told why
  }
}

void tree::dismiss_spares(std::uint32_t owner, std::uint64_t resume_key) noexcept {
  for (const auto& [serial, p] : participants_) {
    if (p.spare != nullptr && p.who.owner == owner && p.spare->resume_key == resume_key) {
      ::syscall(SYS_pidfd_send_signal, p.pidfd.get(), SIGKILL, nullptr, 0);
    }
  }
}

}  // namespace bulkhead::os
