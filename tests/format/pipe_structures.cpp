#include "core/pipe_frame.hpp"
#include "core/pipe_layout.hpp"
#include "format/segment_format.hpp"

#pragma GCC diagnostic ignored "-Winvalid-offsetof"  // as in queue_structures.cpp

namespace segment_format {
namespace {

namespace core = bulkhead::core;

structure direction() {
  using d = core::pipe_direction;
  return {"pipe_direction",
          sizeof(d),
          "2 in the header: from end 0, from end 1",
          {FIELD(d, fingerprint, "keeper", "of the message type"),
           FIELD(d, capacity, "keeper", "messages under way"),
           FIELD(d, slot_bytes, "keeper", "0: a ring of bytes"),
           FIELD(d, ring_bytes, "keeper", "a power of two slots, or a power of two")}};
}

structure header() {
  using h = core::pipe_header;
  return {"pipe_header",
          sizeof(h),
          "page 0",
          {FIELD(h, magic, "keeper", "`BKHPIPE1`"), FIELD(h, format, "keeper", "version"),
           FIELD(h, header_bytes, "keeper", "size of this structure"),
           FIELD(h, shape, "keeper", "2 pipe_direction")}};
}

structure record() {
  using r = core::pipe_end_record;
  return {"pipe_end_record",
          sizeof(r),
          "page 1, one an end",
          {FIELD(r, state, "keeper", "open 1, awaited 2, closed 3, crashed 4"),
           FIELD(r, restarts, "keeper", "incarnations after the first"),
           FIELD(r, marks, "keeper", "32: the tail where the n-th restart lies, at n % 32"),
           FIELD(r, heads, "keeper", "32: the head that was left then, at n % 32")}};
}

structure positions() {
  using p = core::pipe_positions;
  return {"pipe_positions",
          sizeof(p),
          "page 2 for end 0, page 3 for end 1",
          {FIELD(p, tail, "the end", "of the direction from it"),
           FIELD(p, head, "the end", "of the direction to it"),
           FIELD(p, restarts_seen, "the end", "of its peer")}};
}

structure alarm() {
  using a = core::pipe_alarm_words;
  return {"pipe_alarm_words",
          sizeof(a),
          "page 4, one an end",
          {FIELD(a, attention, "all",
                 "receiver asleep 1, its bell 2, sender asleep 4, its bell 8, changed 16"),
           FIELD(a, receive_park, "who wakes it", "futex word of its receivers"),
           FIELD(a, send_park, "who wakes it", "futex word of its senders"),
           FIELD(a, corrupt, "both ends", "not 0: a check failed, nobody goes on")}};
}

structure frame() {
  using f = core::frame_head;
  return {"frame_head",
          sizeof(f),
          "before each message or piece in a ring of bytes",
          {FIELD(f, bytes, "sender", "of the message or piece"),
           FIELD(f, kind, "sender", "first 1, last 2, pad 4"),
           FIELD(f, in_all, "sender", "in a first piece: bytes of the whole, so far as is known")}};
}

}  // namespace

std::vector<structure> pipe_structures() {
  return {header(), direction(), record(), positions(), alarm(), frame()};
}

}  // namespace segment_format
