#include <cstring>

#include "core/closing.hpp"
#include "leases.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {

status queue_state::take(patience how_long, taken& out) {
  participation* me = joined();
  if (me == nullptr || !is_well()) [[unlikely]]
    return take_slowly(how_long, out);
  if (how_long.how != patience::kind::none && context_->stop_requested()) [[unlikely]] {
    return errc::stop_requested;
  }
  core::lease held;
  me->receive_mutex.lock();
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
  core::set_aside(view(), held);
  context_->bury_used_up(id_);
}

}  // namespace bulkhead::detail
