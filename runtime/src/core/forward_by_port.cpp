#include "core/broken.hpp"
#include "core/queue_layout.hpp"

// The forward of docs/queue-protocol.md, step for step, for what most are: one message, one result,
// and nobody else of this process at either queue.
namespace bulkhead::detail {
namespace {

using core::record_state;
using core::slot_state;
using core::slot_word;

void write_record(core::forward_record& record, const taken& message, slot_word held,
                  const queue_out_port& out) noexcept {
  const core::position at = out.position_end - out.room();
  record.input_count = record.output_count = 1;
  record.inputs[0] = {message.queue, core::make_position(held.lap(), message.index()),
                      message.lane(), held.owner()};
  record.outputs[0] = {out.queue, at, at + 1, out.seat, 0};
  // Release: whoever sees PREPARING, or later COMMITTED, sees what the record names (F4).
  record.state.store(record_state::preparing, std::memory_order_release);
}

}  // namespace

port_forward forward_inside(queue_in_port& in, const taken& message, queue_out_port& out,
                            std::size_t size) noexcept {
  constexpr std::uint64_t bit = std::uint64_t{1} << (core::records_per_seat - 1);
  queue_place& place = *out.next();
  const slot_word held{message.word};
  core::forward_record& record = *in.record;
  out.write_meta(place, size);
  place.word.store(slot_word::make_free(slot_word{out.ready}.lap(), core::free_tag::reserved).bits,
                   std::memory_order_relaxed);                                               // F2
  message.place->word.store(held.with(slot_state::pinned).bits, std::memory_order_release);  // F3
  write_record(record, message, held, out);                                                  // F4
  // One writer, who is inside the gate. Release: the record is there (F4).
  out.forwarding->store(bit, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // F4 before F5: who closes does a barrier
  if (out.signs->closed.load(std::memory_order_relaxed) != closed_state::open) [[unlikely]] {
    out.forwarding->store(0, std::memory_order_release);
    record.state.store(record_state::empty, std::memory_order_release);
    message.place->word.store(message.word, std::memory_order_release);
    in.leave_unchanged();
    out.gate.leave();
    return port_forward::withdrawn;
  }
  // F6, the commit. Release: recovery that sees it sees all of the record and of the result.
  record.state.store(record_state::committed, std::memory_order_release);
  place.word.store(out.ready, std::memory_order_release);                   // F7
  message.place->word.store(held.freed().bits, std::memory_order_release);  // F8
  out.forwarding->store(0, std::memory_order_release);                      // F9
  record.state.store(record_state::empty, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // before the look at who waits (F10)
  const bool heed = out.signs->call_sender() || in.signs->call_taker();
  if (heed) {
    in.leave_unchanged();
  } else {
    in.gate.leave();
  }
  out.gate.leave_at(out.gate.position() + 1);
  return heed ? port_forward::heed : port_forward::done;
}

}  // namespace bulkhead::detail
