#include "core/queue_layout.hpp"
#include "format/segment_format.hpp"

// offsetof of a type that is no standard layout is supported by g++ and clang++, and these are
// plain: the atomics alone keep them from it.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace segment_format {
namespace {

namespace core = bulkhead::core;

structure shape() {
  using s = core::queue_shape;
  return {"queue_shape",
          sizeof(s),
          "in the header; what the maker chose",
          {FIELD(s, capacity, "maker", "messages a lane holds, waiting and leased"),
           FIELD(s, participants, "maker", "seats"),
           FIELD(s, inline_bytes, "maker", "payload that fits a slot"),
           FIELD(s, max_attempts, "maker", "0: no bound"),
           FIELD(s, max_deliveries, "maker", "0: no bound"),
           FIELD(s, overflow, "maker", "block 0, refuse 1, drop_oldest 2, drop_newest 3"),
           FIELD(s, lease_ms, "maker", "how long a taker may hold a message; 0: until it dies"),
           FIELD(s, total, "maker", "messages of all lanes together; 0: no bound"),
           FIELD(s, payload_bytes, "maker", "payload area of a seat"),
           FIELD(s, fingerprint, "maker", "of the message type")}};
}

structure header() {
  using h = core::queue_header;
  return {
      "queue_header",
      sizeof(h),
      "at 0",
      {FIELD(h, magic, "maker, last", "`BKHEADQ1`"),
       FIELD(h, format, "maker", "version of this page"),
       FIELD(h, header_bytes, "maker", "size of this structure"),
       FIELD(h, id, "maker", "the queue's, in its tree"),
       FIELD(h, shape, "maker", "queue_shape, copied once and checked by who maps it"),
       FIELD(h, signs.parked_receivers, "all", "summary: bit n says that receivers[n] is not 0"),
       FIELD(h, signs.parked_senders, "all", "the same for senders"),
       FIELD(h, signs.closed, "who closes", "open 0, closing 1, closed 2"),
       FIELD(h, signs.corrupt, "all", "not 0: a check failed, nobody goes on"),
       FIELD(h, signs.joiners, "all",
             "not 0: somebody may wait until all is settled; bit 0: sleeping, bit 1: for the "
             "senders' bell"),
       FIELD(h, signs.receiver_bell, "all", "not 0: somebody waits for the receivers' eventfd"),
       FIELD(h, signs.sender_bell, "all", "the same for the senders'"),
       FIELD(h, seats_used, "keeper", "seats from 0 that were ever given out"),
       FIELD(h, receivers, "all", "parked receivers, a bit a seat"),
       FIELD(h, senders, "all", "parked senders"),
       FIELD(h, takers, "the seat; recovery", "seats that have taken"),
       FIELD(h, settled, "who settles last", "futex word of who joins")}};
}

structure record() {
  using r = core::forward_record;
  return {
      "forward_record",
      sizeof(r),
      "7 a seat; one forward in progress",
      {FIELD(r, state, "seat; recovery", "empty 0, preparing 1, committed 2"),
       FIELD(r, input_count, "seat", "of `inputs`"), FIELD(r, output_count, "seat", "of `outputs`"),
       FIELD(r, inputs, "seat", "16 of {queue 8, position 8, seat 4, taker 4}"),
       FIELD(r, outputs, "seat", "8 of {queue 8, first 8, end 8, seat 4, 4 unused}")}};
}

structure seat() {
  using s = core::seat_block;
  return {
      "seat_block",
      sizeof(s),
      "a seat, in pages of its own",
      {FIELD(s, receive_park, "who wakes it", "futex word of its receivers"),
       FIELD(s, send_park, "who wakes it", "futex word of its senders"),
       FIELD(s, run, "seat", "{first 8: lane << 32 | index, span 8: how many << 32 | since when}"),
       FIELD(s, handover, "seat; recovery",
             "{queue 8, seat 8, output 8, input 8: lane << 32 | index, word 8}"),
       FIELD(s, records, "seat; recovery", "7 forward_record")}};
}

structure lane() {
  using l = core::lane_header;
  return {"lane_header",
          sizeof(l),
          "a seat; the slots follow",
          {FIELD(l, passed, "producer; recovery", "all before it are published or stepped over"),
           FIELD(l, sequence_hint, "producer", "messages sent when the lap began"),
           FIELD(l, settled, "producer", "all before it were settled"),
           FIELD(l, version, "who gives back; recovery", "counts redeliveries"),
           FIELD(l, used, "producer", "not 0 from before the first publication on"),
           FIELD(l, forwarding, "producer; recovery", "bit r: record r is about to publish here"),
           FIELD(l, refused, "producer", "overflow counter"),
           FIELD(l, dropped_oldest, "producer", "overflow counter"),
           FIELD(l, dropped_newest, "producer", "overflow counter")}};
}

structure slot() {
  using s = core::slot;
  return {"slot",
          sizeof(s),
          "`ring_slots` a lane, each 16 + inline_bytes",
          {FIELD(s, word, "producer, takers, recovery", "who has the message (below)"),
           FIELD(s, meta, "producer", "size << 32, low half of the sequence number"),
           FIELD(s, payload, "producer", "inline_bytes, or the offset of a block")}};
}

structure times() {
  using t = core::slot_times;
  return {
      "slot_times",
      sizeof(t),
      "a slot, behind a lane's slots",
      {FIELD(t, taken_ms, "taker",
             "low half of the coarse clock when it was taken, unless its taker's `run` says it")}};
}

structure deadline() {
  using d = core::slot_deadline;
  return {"slot_deadline",
          sizeof(d),
          "a slot, behind the slot_times",
          {FIELD(d, at, "taker", "low bits of the lap 20, deliveries 6, milliseconds 38")}};
}

structure credit() {
  using c = core::credit;
  return {"credit",
          sizeof(c),
          "`total`, behind the header",
          {FIELD(c, name, "senders; recovery", "whose message has it (above); 0: nobody's")}};
}

structure slot_credit() {
  using c = core::slot_credit;
  return {"slot_credit",
          sizeof(c),
          "a slot, behind the slot_deadlines where there is a total",
          {FIELD(c, credit, "producer", "number of the credit of the slot's message")}};
}

structure note() {
  using n = core::death_note;
  return {"death_note",
          sizeof(n),
          "in a death_record",
          {FIELD(n, time_ns, "keeper", "since 1970"), FIELD(n, code, "keeper", "exit code"),
           FIELD(n, signal, "keeper", "or signal"), FIELD(n, pid, "keeper", "of the dead"),
           FIELD(n, cause, "keeper", "a death_cause"),
           FIELD(n, core, "keeper", "not 0: it dumped core")}};
}

structure death() {
  using d = core::death_record;
  return {"death_record",
          sizeof(d),
          "256 in the death_log; death `n` at n % 256",
          {FIELD(d, number, "keeper, last", "counts deaths; 0: none, or half written"),
           FIELD(d, note, "keeper", "how it ended"),
           FIELD(d, serial, "keeper", "of the dead participant")}};
}

structure log() {
  using l = core::death_log;
  return {"death_log",
          sizeof(l),
          "one, before the fault tables",
          {FIELD(l, newest, "keeper", "number of the newest death; 0: none"),
           FIELD(l, deaths, "keeper", "256 death_record")}};
}

structure fault() {
  using f = core::fault_record;
  return {
      "fault_record",
      sizeof(f),
      "a slot; a fault table begins with them",
      {FIELD(f, count, "keeper", "lap 38, attempts 10, low 16 bits of the newest death's number")}};
}

structure way() {
  using w = core::fault_way;
  return {"fault_way",
          sizeof(w),
          "a slot, on the next page",
          {FIELD(w, bits, "keeper", "8 steps of 6 bits to earlier deaths, 16 bits: from which")}};
}

structure letter() {
  using p = core::letter_place;
  return {"letter_place",
          sizeof(p),
          "a slot, on the next page",
          {FIELD(p, claimed_for, "keeper", "lap + 1 of the message that `at` is about"),
           FIELD(p, at, "keeper", "where its dead letter is or was to be")}};
}

}  // namespace

std::vector<structure> queue_structures() {
  return {header(),   shape(),       credit(), seat(),  record(), lane(),  slot(), times(),
          deadline(), slot_credit(), log(),    death(), note(),   fault(), way(),  letter()};
}

}  // namespace segment_format
