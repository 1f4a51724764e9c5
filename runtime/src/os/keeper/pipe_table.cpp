#include "os/keeper/pipe_table.hpp"

#include <bulkhead/detail/pipe_port.hpp>
#include <bulkhead/errc.hpp>

#include "core/pipe_alarm.hpp"

namespace bulkhead::os {
namespace {

using core::end_state;
using core::pipe_alarm;

std::uint64_t id_of(std::uint64_t end) { return (end & ~control::pipe_bit) >> 1; }
std::uint32_t number_of(std::uint64_t end) { return static_cast<std::uint32_t>(end & 1); }

core::pipe_direction direction_of(const control::pipe_direction& d) {
  return {d.fingerprint, d.capacity, d.slot_bytes, d.ring_bytes};
}

std::uint64_t name_of(const pipe_table::record& pipe, std::uint32_t end) {
  return control::pipe_bit | pipe.id << 1 | end;
}

void rouse_end(const core::pipe_view& pipe, std::uint32_t end) {
  pipe_alarm(pipe, end, pipe_alarm::side::receiving).rouse();
  pipe_alarm(pipe, end, pipe_alarm::side::sending).rouse();
}

bool is_home_of(const claimant& home, std::uint32_t owner, std::uint64_t resume_key) {
  return home.resume_key != 0 && home.owner == owner && home.resume_key == resume_key;
}

}  // namespace

std::uint64_t pipe_table::make(const control::make_pipe& wanted, const holder& maker) {
  const core::pipe_shape shape{{direction_of(wanted.from_first), direction_of(wanted.from_second)}};
  if (const char* bad = core::bad_shape(shape)) {
    throw error(make_error_code(errc::unsupported), "pipe '" + wanted.name + "': " + bad);
  }
  if (pipes_.size() >= pipes_max) {
    throw error(make_error_code(errc::unsupported), "there are 65536 pipes; let some go first");
  }
  record made;
  made.id = last_id_ + 1;
  made.name = wanted.name;
  made.memory =
      std::make_unique<pipe_memory>(make_pipe_descriptors(shape), *os_, pipe_memory::role::keeper);
  for (record::end& e : made.ends) {
    e.now = maker;
    e.last = maker;
  }
  pipes_.emplace(++last_id_, std::move(made));
  return control::pipe_bit | last_id_ << 1;
}

bool pipe_table::has(std::uint64_t end) const {
  return (end & control::pipe_bit) != 0 && pipes_.count(id_of(end)) != 0;
}

pipe_table::record& pipe_table::at(std::uint64_t end) {
  if (!has(end)) {
    throw error(make_error_code(errc::closed), "pipe " +
                                                   std::to_string(control::count_of(id_of(end))) +
                                                   " is gone: no process has an end of it");
  }
  return pipes_.at(id_of(end));
}

// The word first, then the bit that sends the peer's calls to look at it, then the wake-ups.
void pipe_table::set_state(record& pipe, std::uint32_t end, end_state state) noexcept {
  const core::pipe_view& view = pipe.memory->view();
  // Release: who sees the state sees the marks and restarts before it.
  view.record(end).state.store(state, std::memory_order_release);
  auto& attention = view.alarm(end).attention;
  if (state == end_state::open) {
    attention.fetch_and(~detail::attention::changed, std::memory_order_seq_cst);
  } else {
    attention.fetch_or(detail::attention::changed, std::memory_order_seq_cst);
  }
  rouse_end(view, 0);
  rouse_end(view, 1);
}

// The dead incarnation's tail and head move no more, and the next one runs only after this. Where
// the peer has not seen the last 32 restarts, the newest takes the place of the one before.
void pipe_table::mark_restart(record& pipe, std::uint32_t end) noexcept {
  const core::pipe_view& view = pipe.memory->view();
  core::pipe_end_record& words = view.record(end);
  const std::uint32_t count = words.restarts.load(std::memory_order_relaxed);
  const std::uint32_t seen = view.positions(1 - end).restarts_seen.load(std::memory_order_acquire);
  const std::uint64_t tail = view.positions(end).tail.load(std::memory_order_acquire);
  const std::uint64_t head = view.positions(end).head.load(std::memory_order_acquire);
  const bool full = count - seen >= core::pipe_marks;
  const std::uint32_t mark = (full ? count - 1 : count) % core::pipe_marks;
  words.marks[mark].store(tail, std::memory_order_relaxed);
  words.heads[mark].store(head, std::memory_order_relaxed);
  // Release: who sees the count sees the mark.
  if (!full) words.restarts.store(count + 1, std::memory_order_release);
}

pipe_table::grant pipe_table::pass(std::uint64_t name, const holder& to, const claimant& giver) {
  record& pipe = at(name);
  record::end& end = pipe.ends[number_of(name)];
  grant given{name, end.now, end.home, false};
  if (!end.now && to.who.follows(end.home)) {
    given.resumed = true;
  } else if (!end.now || end.now->who.serial != giver.serial) {
    throw error(make_error_code(errc::not_permitted),
                "this end of pipe '" + pipe.name +
                    "' is not the giver's: it was closed, or another process has it");
  }
  end.now = to;
  pipe.touched = true;
  if (to.who.resume_key != 0) end.home = to.who;
  return given;
}

void pipe_table::undo(const grant& given) noexcept {
  if (!has(given.end)) return;
  record::end& end = pipes_.at(id_of(given.end)).ends[number_of(given.end)];
  end.now = given.before;
  end.home = given.home;
  pipes_.at(id_of(given.end)).touched = true;
  if (given.resumed)
    set_state(pipes_.at(id_of(given.end)), number_of(given.end), end_state::awaited);
}

void pipe_table::resume(const grant& given) noexcept {
  if (!given.resumed) return;
  record& pipe = pipes_.at(id_of(given.end));
  mark_restart(pipe, number_of(given.end));
  set_state(pipe, number_of(given.end), end_state::open);
}

void pipe_table::confirm(const grant& given, pid_t pid) noexcept {
  record& pipe = pipes_.at(id_of(given.end));
  record::end& end = pipe.ends[number_of(given.end)];
  pipe.touched = true;
  if (end.now) end.now->pid = pid;
  if (end.now) end.last = *end.now;
}

// While the message that brought it is not settled it waits for the message's next taker.
void pipe_table::leave(std::uint64_t name, std::uint32_t serial, const is_carried& carried) {
  if (!has(name)) return;
  record& pipe = at(name);
  record::end& end = pipe.ends[number_of(name)];
  if (!end.now || end.now->who.serial != serial) return;
  end.now.reset();
  pipe.touched = true;
  end.status = exit_status{};
  if (end.carried && carried(name)) return set_state(pipe, number_of(name), end_state::awaited);
  end.carried = false;
  set_state(pipe, number_of(name), end_state::closed);
  drop_unheld();
}

control::peer_reply pipe_table::peer_of(std::uint64_t name) {
  const record& pipe = at(name);
  const std::uint32_t other = 1 - number_of(name);
  const record::end& end = pipe.ends[other];
  const core::pipe_end_record& words = pipe.memory->view().record(other);
  control::peer_reply reply;
  reply.name = end.last.name;
  reply.pid = end.now ? end.last.pid : 0;
  reply.state = static_cast<std::uint32_t>(words.state.load(std::memory_order_relaxed));
  reply.restarts = words.restarts.load(std::memory_order_relaxed);
  reply.status = end.status;
  return reply;
}

template <class Visit>
void pipe_table::each_end(Visit visit) {
  for (auto& [id, pipe] : pipes_) {
    for (std::uint32_t n = 0; n < 2; ++n) visit(pipe, pipe.ends[n], n);
  }
}

void pipe_table::bury_process(std::uint32_t serial, const exit_status& status,
                              const is_carried& carried) {
  each_end([&](record& pipe, record::end& end, std::uint32_t n) {
    // Children of the dead come no more.
    if (end.home.owner == serial) {
      end.home = {};
      pipe.touched = true;
    }
    if (!end.now || end.now->who.serial != serial) {
      // It may have been awaited as an incarnation of one of those.
      const auto& state = pipe.memory->view().record(n).state;
      if (!end.now && !end.carried && end.home.resume_key == 0 &&
          state.load(std::memory_order_relaxed) == end_state::awaited) {
        set_state(pipe, n, end.status.success() ? end_state::closed : end_state::crashed);
      }
      return;
    }
    end.now.reset();
    pipe.touched = true;
    end.status = status;
    const bool may_come_again =
        end.home.resume_key != 0 || (end.carried && carried(name_of(pipe, n)));
    if (may_come_again) return set_state(pipe, n, end_state::awaited);
    end.carried = false;
    set_state(pipe, n, status.success() ? end_state::closed : end_state::crashed);
  });
  drop_unheld();
}

void pipe_table::rest(std::uint32_t owner, std::uint64_t resume_key, bool for_good) {
  each_end([&](record& pipe, record::end& end, std::uint32_t n) {
    if (!is_home_of(end.home, owner, resume_key)) return;
    if (for_good) end.home = {};
    pipe.touched = true;
    const auto& state = pipe.memory->view().record(n).state;
    if (state.load(std::memory_order_relaxed) != end_state::awaited) return;
    set_state(pipe, n, end.status.success() ? end_state::closed : end_state::crashed);
  });
  drop_unheld();
}

void pipe_table::rouse(std::uint32_t serial) {
  each_end([&](record& pipe, record::end& end, std::uint32_t n) {
    if (end.now && end.now->who.serial == serial) rouse_end(pipe.memory->view(), n);
  });
}

void pipe_table::drop_unheld() {
  for (auto at = pipes_.begin(); at != pipes_.end();) {
    bool needed = false;
    for (const record::end& e : at->second.ends)
      needed |= e.now || e.carried || e.home.resume_key != 0;
    if (!needed) gone_.push_back(at->first);
    at = needed ? std::next(at) : pipes_.erase(at);
  }
}

}  // namespace bulkhead::os
