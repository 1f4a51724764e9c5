#include "os/keeper/seat_table.hpp"

#include <algorithm>

namespace bulkhead::os {

void seat_table::touch(const place& s) noexcept {
  changed_.push_back(static_cast<std::uint32_t>(&s - seats_.data()));
}

std::optional<seat_table::choice> seat_table::choose(const claimant& who,
                                                     const drained& is_drained) const {
  std::optional<choice> vacant;
  for (std::uint32_t n = 0; n < seats_.size(); ++n) {
    const place& s = seats_[n];
    if (s.state == state::vacant) {
      if (!vacant) vacant = choice{n, origin::vacant};
      continue;
    }
    const bool predecessors = s.state != state::live && who.follows(s.holder);
    if (s.holder.serial == who.serial || predecessors) return choice{n, origin::own};
  }
  // To look is to read a lane.
  constexpr int looks = 4;
  if (const auto found = find_drained(true, vacant ? looks : -1, is_drained)) return found;
  return vacant ? vacant : find_drained(false, -1, is_drained);
}

std::optional<seat_table::choice> seat_table::find_drained(bool of_the_dead, int looks,
                                                           const drained& is_drained) const {
  for (std::uint32_t n = 0; n < seats_.size() && looks != 0; ++n) {
    const place& s = seats_[n];
    if (s.state != state::draining || s.is_dead != of_the_dead) continue;
    if (is_drained(n)) return choice{n, origin::strangers};
    --looks;
  }
  return std::nullopt;
}

bool seat_table::worth_waiting() const noexcept {
  return std::any_of(seats_.begin(), seats_.end(),
                     [](const place& s) { return s.state != state::live; });
}

// The same process that asks again keeps its epoch: its leases carry it.
std::uint32_t seat_table::grant(const choice& found, const claimant& who,
                                std::uint64_t sent_before) {
  place& s = seats_[found.seat];
  if (s.state != state::live || s.holder.serial != who.serial) ++s.epoch;
  if (found.from != origin::own) s.sent_before = sent_before;
  s.state = state::live;
  s.is_dead = false;
  s.holder = who;
  touch(s);
  return s.epoch;
}

std::optional<std::uint32_t> seat_table::seat_of(std::uint32_t serial) const noexcept {
  for (std::uint32_t n = 0; n < seats_.size(); ++n) {
    if (seats_[n].state != state::vacant && seats_[n].holder.serial == serial) return n;
  }
  return std::nullopt;
}

void seat_table::leave(std::uint32_t serial) noexcept {
  for (place& s : seats_) {
    if (s.state != state::live || s.holder.serial != serial) continue;
    s.state = state::draining;
    touch(s);
  }
}

void seat_table::die(std::uint32_t serial) noexcept {
  for (place& s : seats_) {
    if (s.state == state::vacant || s.holder.serial != serial) continue;
    s.is_dead = s.holder.resume_key == 0;
    s.state = s.is_dead ? state::draining : state::resumable;
    touch(s);
  }
}

void seat_table::forget(std::uint32_t owner, std::uint64_t resume_key) noexcept {
  for (place& s : seats_) {
    if (resume_key == 0 || s.holder.owner != owner || s.holder.resume_key != resume_key) continue;
    s.holder.resume_key = 0;
    touch(s);
    if (s.state != state::resumable) continue;
    s.state = state::draining;
    s.is_dead = true;
  }
}

void seat_table::forget_all_of(std::uint32_t owner) noexcept {
  for (place& s : seats_) {
    if (s.holder.owner != owner || s.holder.resume_key == 0) continue;
    s.holder.resume_key = 0;
    touch(s);
    if (s.state != state::resumable) continue;
    s.state = state::draining;
    s.is_dead = true;
  }
}

}  // namespace bulkhead::os
