#include "core/forward.hpp"

#include "core/broken.hpp"
#include "core/credits.hpp"
#include "core/parked_set.hpp"

namespace bulkhead::core {
namespace {

using inputs_span = std::span<const forward_input>;
using outputs_span = std::span<const forward_output>;

// F3 or F5 undone: leases again. Release: after the record is EMPTY, so that recovery that finds
// the lease finds no record of it.
void unpin(inputs_span inputs) noexcept {
  for (const forward_input& in : inputs) {
    slot_of(*in.queue, in.held).store(in.held.word, std::memory_order_release);
  }
}

// F3. By exchange where leases may end meanwhile. A pinned word is its owner's alone. @returns
// false, with nothing pinned, when one has ended.
bool pin(inputs_span inputs) noexcept {
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    const forward_input& in = inputs[n];
    slot& s = slot_of(*in.queue, in.held);
    const slot_word pinned = in.held.word.with(slot_state::pinned);
    if (in.queue->shape().lease_ms == 0) {
      s.store(pinned, std::memory_order_release);
    } else if (!s.exchange_if(in.held.word, pinned)) {
      unpin(inputs.first(n));
      return false;
    }
  }
  return true;
}

void write_record(inputs_span inputs, outputs_span outputs, forward_record& record) noexcept {
  record.input_count = static_cast<std::uint32_t>(inputs.size());
  record.output_count = static_cast<std::uint32_t>(outputs.size());
  forward_record::input* in = record.inputs;
  for (const forward_input& i : inputs)
    *in++ = {i.queue->header().id, i.held.position, i.held.lane, i.held.word.owner()};
  forward_record::output* out = record.outputs;
  for (const forward_output& o : outputs) {
    *out++ = {o.lane->queue().header().id, o.lane->staged_first(), o.lane->staged_end(),
              o.lane->seat(), 0};
  }
  // Release: whoever sees PREPARING, or later COMMITTED, sees what the record names.
  record.state.store(record_state::preparing, std::memory_order_release);
}

// A receiver of a closed queue waits until no lane says that a forward is about to publish there.
// The word has one writer, the process that holds the lane lock.
void announce(outputs_span outputs, std::uint64_t bit, bool on) noexcept {
  for (const forward_output& o : outputs) {
    auto& word = o.lane->queue().lane(o.lane->seat()).forwarding;
    const std::uint64_t old = word.load(std::memory_order_relaxed);
    // Release: who sees the bit sees the record (F4); who sees it gone sees what F7 published (F9).
    word.store(on ? old | bit : old & ~bit, std::memory_order_release);
  }
}

bool any_closed(outputs_span outputs) noexcept {
  if (!outputs.empty()) outputs.front().lane->queue().os().light_barrier();  // F4 before F5
  for (const forward_output& o : outputs) {
    if (o.lane->queue().header().signs.closed.load(std::memory_order_relaxed) != closed_state::open)
      return true;
  }
  return false;
}

// Before any result comes out, and before the inputs go.
void move_all_credits(outputs_span outputs, const forward_record& record) noexcept {
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    move_credits(outputs[n].lane->queue(), record, record.outputs[n]);
  }
}

void publish_outputs(outputs_span outputs) noexcept {
  for (const forward_output& o : outputs) {
    publish_range(o.lane->queue(), o.lane->seat(), o.lane->staged_first(), o.lane->staged_end());
  }
}

// F8. Release: our reads of the payload come before the producer's next use of the place.
void free_inputs(inputs_span inputs) noexcept {
  for (const forward_input& in : inputs) {
    slot_of(*in.queue, in.held).store(in.held.word.freed(), std::memory_order_release);
  }
}

}  // namespace

outcome forward(inputs_span inputs, outputs_span outputs, forward_record& record,
                std::uint64_t record_bit) noexcept {
  for (const forward_output& o : outputs) o.lane->seal_staged();
  if (!pin(inputs)) {  // F3
    for (const forward_output& o : outputs) o.lane->drop_staged();
    return outcome::lease_lost;
  }
  write_record(inputs, outputs, record);  // F4
  announce(outputs, record_bit, true);
  if (any_closed(outputs)) {  // F5
    announce(outputs, record_bit, false);
    record.state.store(record_state::empty, std::memory_order_release);
    unpin(inputs);
    for (const forward_output& o : outputs) {
      o.lane->drop_staged();
      // A receiver may have seen our announcement and sleep until it is gone.
      parked_set(o.lane->queue(), side::receivers).wake_all();
    }
    return outcome::closed;
  }
  if constexpr (broken::forward_ack_first) free_inputs(inputs);
  if constexpr (broken::forward_publish_first) publish_outputs(outputs);
  // F6, the commit. Release: recovery that sees it sees all of the record and of the results.
  record.state.store(record_state::committed, std::memory_order_release);
  move_all_credits(outputs, record);
  if constexpr (!broken::forward_publish_first) publish_outputs(outputs);  // F7
  if constexpr (!broken::forward_ack_first) free_inputs(inputs);           // F8
  announce(outputs, record_bit, false);                                    // F9
  record.state.store(record_state::empty, std::memory_order_release);
  for (const forward_output& o : outputs) o.lane->commit_staged();
  return outcome::done;
}

void free_pinned(const queue_view& queue, std::uint32_t lane, position at,
                 std::uint32_t seat) noexcept {
  slot& s = queue.slot_at(lane, index_of(at));
  // Acquire and release: as if the dead taker had read the payload and done F8 itself.
  const slot_word w = s.load(std::memory_order_acquire);
  if (w.is(slot_state::pinned) && w.owner() == seat && w.lap() == lap_of(at)) {
    s.store(w.freed(), std::memory_order_release);
  }
}

void wake_after_forward(inputs_span inputs, outputs_span outputs) noexcept {
  for (const forward_input& in : inputs) after_freeing(*in.queue, in.held.lane, in.held.position);
  for (const forward_output& o : outputs) {
    const queue_view& queue = o.lane->queue();
    const parked_set receivers(queue, side::receivers);
    // A closed queue's receivers all look whether this was the last of it.
    if (queue.header().signs.closed.load(std::memory_order_relaxed) == closed_state::closed) {
      receivers.wake_announced();
      continue;
    }
    for (std::size_t n = 0; n < o.results && receivers.any(); ++n) receivers.wake_one();
  }
}

}  // namespace bulkhead::core
