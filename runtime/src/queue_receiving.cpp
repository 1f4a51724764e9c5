#include <algorithm>
#include <cstring>

#include "core/closing.hpp"
#include "leases.hpp"
#include "os/coarse_clock.hpp"
#include "os/futex.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {
namespace {

// Second line, should a wake-up ever be lost. Later than a test waits, which thus sees a lost one.
std::chrono::steady_clock::time_point later() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(30);
}

}  // namespace

// Not in line: a call comes here when its port has no message for it.
status queue_state::take(patience how_long, taken& out) {
  const time_limit limit(how_long);
  participation* me = nullptr;
  if (const status s = join(limit, me); s.failed()) return s;
  attempt_of step([&] { return try_take(*me, out, limit.may_wait()); });
  return me->receivers.wait(step, limit);
}

attempt_result queue_state::try_take(participation& me, taken& out, bool waiting) {
  if (const status s = check_alive(); s.failed()) return s;
  if (waiting && context_->stop_requested()) return errc::stop_requested;
  core::lease held;
  const std::uint32_t now = os::coarse_ms();
  const bool own_first = me.blocked.load(std::memory_order_relaxed);
  bool found = false;
  {
    const taking_guard lock(me);
    if (own_first) me.consumer.turn_to(me.consumer.seat());
    found = me.consumer.take(held);
    if (found) {
      ++ports_->in.taken_before;
      me.lend_messages(now);
    }
  }
  // With nothing more of ours to take, the room that we wait for is for others to make.
  if (own_first && (!found || held.lane != me.consumer.seat())) me.note_unblocked();
  if (found) {
    fill(held, now, out);
    return status();
  }
  if (core::is_over_for(view(), me.consumer.seat())) return errc::closed;
  return std::nullopt;
}

void queue_state::fill(const core::lease& held, std::uint32_t now_ms, taken& out) {
  out.place = &core::slot_of(view(), held);
  out.word = held.word.bits;
  out.where = (std::uint64_t{held.lane} << 32) | core::index_of(held.position);
  out.queue = id_;
  view().times(out.lane(), out.index()).taken_ms.store(now_ms, std::memory_order_relaxed);
}

// What stands in shared memory is copied once and checked before it is used.
status queue_state::find_bytes(const taken& message, std::span<const std::byte>& out) {
  const std::size_t size = message.place->meta >> 32;
  if (size <= view().shape().inline_bytes) {
    out = {message.place->payload, size};
    return {};
  }
  std::uint64_t offset = 0;
  std::memcpy(&offset, message.place->payload, sizeof offset);
  const std::size_t bytes = view().layout().payload_bytes;
  if (offset > bytes || size > bytes - offset) return errc::corrupt;
  if (const auto failed = memory_->map_to_read(message.lane())) return status::of(failed);
  out = {memory_->mapped(message.lane()) + offset, size};
  return {};
}

// Where leases may end, the place may be another message's while we read. So it is copied, and what
// was copied is the message if it is still ours then.
status queue_state::bytes_of(const taken& message, std::span<const std::byte>& out) {
  const status found = find_bytes(message, out);
  if (view().shape().lease_ms == 0) return found;
  static thread_local std::vector<std::byte> copy;
  if (!found.failed()) copy.assign(out.begin(), out.end());
  if (!core::is_held(view(), lease_of(message))) return errc::lease_lost;
  out = copy;
  return found;
}

namespace {

status held_or_lost(bool held) { return held ? status() : status(errc::lease_lost); }

std::uint64_t time_after(std::chrono::milliseconds time) {
  // Not before the time: the millisecond that is running has begun already.
  return os::clock_ms() + 1 + static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

}  // namespace

// Each of these ends a delivery; when it was the last of an abandoned queue, that is gone.
status queue_state::acknowledge(const taken& message) noexcept {
  beat();
  const bool held = !context_->usable() || core::acknowledge(view(), lease_of(message));
  leases_.remove();
  return held_or_lost(held);
}

// The port has freed the place, and the caller is inside its gate.
void queue_state::heed_freed(const taken& message) noexcept {
  ports_->in.leave_unchanged();  // the message is ours, until we are through
  core::after_freeing(view(), message.lane(), position_of(message));
  leases_.remove();
}

status queue_state::release(const taken& message) noexcept {
  beat();
  const core::lease held = lease_of(message);
  const std::uint32_t bound = view().shape().max_deliveries;
  bool was_held = true;
  if (bound != 0 && held.deliveries() >= bound) {
    was_held = set_aside(message, {});
  } else if (context_->usable()) {
    was_held = core::release(view(), held);
  }
  leases_.remove();
  return held_or_lost(was_held);
}

// The word first: should we die before the keeper hears of it, our recovery tells it.
status queue_state::delay(const taken& message, std::chrono::milliseconds time) {
  const std::uint32_t bound = view().shape().max_deliveries;
  const core::lease held = lease_of(message);
  if (time.count() <= 0 || (bound != 0 && held.deliveries() >= bound)) return release(message);
  bool was_held = true;
  if (context_->usable()) {
    was_held = core::delay(view(), held, time_after(time));
    if (was_held) context_->announce_deadline(id_);
  }
  leases_.remove();
  return held_or_lost(was_held);
}

status queue_state::reject(const taken& message, std::string_view why) {
  const bool held = set_aside(message, why.empty() ? "rejected" : why);
  leases_.remove();
  return held_or_lost(held);
}

status queue_state::extend(const taken& message, std::chrono::milliseconds time) {
  beat();
  if (const status s = check_alive(); s.failed()) return s;
  if (view().shape().lease_ms == 0) return {};
  return held_or_lost(core::extend(view(), lease_of(message), time_after(time)));
}

// Out of delivery first: should we die before the keeper hears of it, our recovery buries it.
bool queue_state::set_aside(const taken& message, std::string_view why) {
  beat();
  if (!context_->usable()) return true;
  if (!core::set_aside(view(), lease_of(message))) return false;
  context_->bury({id_, position_of(message), message.lane(), std::string(why)});
  return true;
}

std::uint32_t queue_state::taken_ms(std::uint32_t lane, std::uint32_t index,
                                    std::uint32_t owner) const {
  std::uint32_t ms = 0;
  if (owner < view().shape().participants &&
      view().seat(owner).run.has((std::uint64_t{lane} << 32) | index, ms)) {
    return ms;
  }
  return view().times(lane, index).taken_ms.load(std::memory_order_relaxed);
}

std::vector<in_flight_message> queue_state::in_flight() const {
  const auto holders = context_->holders_of(id_);
  const std::uint32_t now = os::coarse_ms();
  std::vector<in_flight_message> all;
  view().each_slot([&](std::uint32_t lane, std::uint32_t index, const core::slot& s) {
    const core::slot_word w = s.load(std::memory_order_acquire);
    if (!w.is(core::slot_state::leased) && !w.is(core::slot_state::pinned)) return;
    in_flight_message m;
    m.id = {id_, core::make_position(w.lap(), index), lane};
    m.attempt = w.deliveries();
    // The clock of another CPU may be a tick ahead.
    const auto age = static_cast<std::int32_t>(now - taken_ms(lane, index, w.owner()));
    m.age = std::chrono::milliseconds(std::max(age, 0));
    for (const auto& holder : holders) {
      if (holder.seat != w.owner()) continue;
      m.owner = holder.name;
      m.pid = holder.pid;
    }
    all.push_back(std::move(m));
  });
  return all;
}

status queue_state::join_all(patience how_long) {
  if (const status s = check_alive(); s.failed()) return s;  // a forked copy has no view
  if (!how_long.may_wait()) return core::all_settled(view()) ? status() : errc::full;
  const time_limit limit(how_long);
  const core::waiting_mark mark(view().os().heart);
  for (;;) {
    // Before the looks: whoever changes what they see changes this word after it.
    const std::uint32_t seen = header_->settled.load(std::memory_order_acquire);
    if (const status s = check_alive(); s.failed()) return s;
    core::announce_joiner(view(), core::joiner::sleeps);
    view().os().heavy_barrier();
    if (core::all_settled(view())) return {};
    if (limit.is_over()) return errc::timed_out;
    if (is_stopping(limit)) return errc::stop_requested;
    os::futex_wait(header_->settled, seen, limit.or_sooner(later()));
  }
}

status queue_state::join_or_announce() {
  if (const status s = check_alive(); s.failed()) return s;
  core::announce_joiner(view(), core::joiner::listens);
  view().os().heavy_barrier();
  return core::all_settled(view()) ? status() : errc::full;
}

}  // namespace bulkhead::detail
