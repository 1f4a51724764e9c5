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

status queue_state::take(patience how_long, taken& out) {
  participation* me = joined();
  if (me == nullptr || !is_well()) [[unlikely]]
    return take_slowly(how_long, out);
  if (how_long.how != patience::kind::none && context_->stop_requested()) [[unlikely]] {
    return errc::stop_requested;
  }
  core::lease held;
  me->receive_mutex.lock();
  if (me->blocked.load(std::memory_order_relaxed)) [[unlikely]] {
    me->consumer.turn_to(me->consumer.seat());
  }
  const bool found = me->consumer.take(held);
  me->receive_mutex.unlock();
  if (!found) return take_slowly(how_long, out);
  fill(held, out);
  return {};
}

[[gnu::noinline, gnu::cold]] status queue_state::take_slowly(patience how_long, taken& out) {
  const time_limit limit(how_long);
  participation* me = nullptr;
  if (const status s = join(limit, me); s.failed()) return s;
  attempt_of step([&] { return try_take(*me, out, limit.may_wait()); });
  return me->receivers.wait(step, limit);
}

attempt_result queue_state::try_take(participation& me, taken& out, bool waiting) {
  if (const status s = check_alive(); s.failed()) return s;
  if (waiting && context_->stop_requested()) return errc::stop_requested;
  const std::lock_guard lock(me.receive_mutex);
  core::lease held;
  if (me.consumer.take(held)) {
    fill(held, out);
    return status();
  }
  if (core::is_over_for(view(), me.consumer.seat())) return errc::closed;
  return std::nullopt;
}

void queue_state::fill(const core::lease& held, taken& out) {
  const core::slot& slot = core::slot_of(view(), held);
  const auto size = static_cast<std::uint32_t>(slot.meta >> 32);
  out.lane = held.lane;
  out.size = size;
  out.position = held.position;
  out.word = held.word.bits;
  out.bytes = slot.payload;
  if (size > view().shape().inline_bytes) fill_from_payload(size, out);
  view()
      .times(held.lane, core::index_of(held.position))
      .taken_ms.store(os::coarse_ms(), std::memory_order_relaxed);
}

// What stands in shared memory is copied once and checked before it is used.
void queue_state::fill_from_payload(std::uint32_t size, taken& out) {
  std::uint64_t offset = 0;
  std::memcpy(&offset, out.bytes, sizeof offset);
  const std::size_t bytes = view().layout().payload_bytes;
  const std::byte* area = memory_->read(out.lane);
  const bool inside = area != nullptr && offset <= bytes && size <= bytes - offset;
  out.bytes = inside ? area + offset : nullptr;
}

void queue_state::acknowledge(const taken& message) {
  if (context_->usable()) [[likely]]
    core::acknowledge(view(), lease_of(message));
}

void queue_state::release(const taken& message) {
  if (!context_->usable()) return;
  const core::lease held = lease_of(message);
  const std::uint32_t bound = view().shape().max_deliveries;
  if (bound == 0 || held.deliveries() < bound) return core::release(view(), held);
  set_aside(message, {});
}

void queue_state::reject(const taken& message, std::string_view why) {
  if (context_->usable()) set_aside(message, why.empty() ? "rejected" : why);
}

// Out of delivery first: should we die before the keeper hears of it, our recovery buries it.
void queue_state::set_aside(const taken& message, std::string_view why) {
  core::set_aside(view(), lease_of(message));
  context_->bury({id_, message.position, message.lane, std::string(why)});
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
    const auto age = static_cast<std::int32_t>(
        now - view().times(lane, index).taken_ms.load(std::memory_order_relaxed));
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
  const time_limit limit(how_long);
  for (;;) {
    // Before the looks: whoever changes what they see changes this word after it.
    const std::uint32_t seen = header_->settled.load(std::memory_order_acquire);
    if (const status s = check_alive(); s.failed()) return s;
    core::announce_joiner(view());
    view().os().heavy_barrier();
    if (!core::any_unsettled(view())) return {};
    if (!limit.may_wait()) return errc::full;
    if (limit.is_over()) return errc::timed_out;
    if (is_stopping(limit)) return errc::stop_requested;
    os::futex_wait(header_->settled, seen, limit.or_sooner(later()));
  }
}

}  // namespace bulkhead::detail
