#include "core/pipe_reader.hpp"

#include <algorithm>

namespace bulkhead::core {

pipe_reader::pipe_reader(const pipe_view& pipe, std::uint32_t end,
                         detail::pipe_in_port& port) noexcept
    : port_(&port),
      os_(&pipe.os()),
      direction_(pipe.shape().directions[1 - end]),
      ring_(pipe.ring(1 - end)),
      peer_(&pipe.record(1 - end)),
      shared_restarts_seen_(&pipe.positions(end).restarts_seen) {
  port.shared_tail = &pipe.positions(1 - end).tail;
  port.sent = &pipe.positions(end).tail;
  port.shared_head = &pipe.positions(end).head;
  port.peer = &pipe.alarm(1 - end).attention;
  port.restarts = &peer_->restarts;
  port.own = &pipe.alarm(end).attention;
  port.slots = ring_;
  port.stride = direction_.slot_bytes;
  port.capacity = direction_.capacity;
  if (is_slotted()) port.mask = direction_.ring_bytes / direction_.slot_bytes - 1;
  // Acquire: our predecessor is dead and reaped; what it read and freed comes before.
  port.limit = port.shared_head->load(std::memory_order_acquire);
  if (is_slotted()) {
    port.gate.move_to(port.limit);
  } else {
    frames_head_ = port.limit;
  }
  port.restarts_seen = shared_restarts_seen_->load(std::memory_order_acquire);
}

std::uint64_t pipe_reader::distance(std::uint64_t later, std::uint64_t earlier) const noexcept {
  return is_slotted() ? later - earlier : frame_position{later}.units_since({earlier});
}

// A restart that we have not seen lies where the dead incarnation's messages end.
bool pipe_reader::is_at_restart() const noexcept {
  // Acquire: whoever sees the count sees the marks.
  const std::uint32_t restarts = peer_->restarts.load(std::memory_order_acquire);
  if (restarts == port_->restarts_seen) return false;
  const std::uint64_t mark =
      peer_->marks[port_->restarts_seen % pipe_marks].load(std::memory_order_relaxed);
  return distance(mark, head()) == 0;
}

// @returns false when the positions cannot be.
bool pipe_reader::refill() noexcept {
  // R1. Acquire: who sees the tail sees the messages before it (S3).
  std::uint64_t tail = port_->shared_tail->load(std::memory_order_acquire);
  std::uint64_t there = distance(tail, head());
  const std::uint64_t most =
      is_slotted() ? direction_.capacity : direction_.ring_bytes / frame_unit;
  if (there > most) return false;
  port_->limit = tail;
  // After the tail: who sees a message of the peer's next incarnation sees its restart.
  const std::uint32_t restarts = peer_->restarts.load(std::memory_order_acquire);
  if (restarts - port_->restarts_seen > pipe_marks) return false;
  if (restarts == port_->restarts_seen) return true;
  const std::uint64_t mark =
      peer_->marks[port_->restarts_seen % pipe_marks].load(std::memory_order_relaxed);
  if (distance(mark, head()) > there) {
    // The dead one sent more, and died, after we looked at its tail. Acquire: as before (S3).
    tail = port_->shared_tail->load(std::memory_order_acquire);
    there = distance(tail, head());
    if (there > most || distance(mark, head()) > there) return false;
  }
  port_->limit = mark;
  return true;
}

pipe_next pipe_reader::find() {
  if (collected_) return pipe_next::message;
  if (distance(port_->limit, head()) == 0 && !refill()) return pipe_next::corrupt;
  if (distance(port_->limit, head()) == 0) {
    return is_at_restart() ? pipe_next::restarted : pipe_next::nothing;
  }
  if (!is_slotted()) return find_frame();
  message_ = {ring_ + (head() & port_->mask) * direction_.slot_bytes, direction_.slot_bytes};
  return pipe_next::message;
}

// Pieces go into memory of our own at once, so that the sender gets its room back. One look goes
// around the ring once: that takes in all that was there when it began. What came since finds who
// waits announced, and wakes it; so a peer that sends without end holds nobody.
pipe_next pipe_reader::find_frame() {
  const std::uint64_t ring_units = direction_.ring_bytes / frame_unit;
  const frame_position begun{frames_head_};
  for (;;) {
    const frame_position at{frames_head_};
    const std::uint64_t there = distance(port_->limit, head());
    if (there > ring_units) return pipe_next::corrupt;
    if (there == 0) {
      if (!refill()) return pipe_next::corrupt;
      if (distance(port_->limit, head()) != 0) continue;
      return is_at_restart() ? pipe_next::restarted : pipe_next::nothing;
    }
    if (at.units_since(begun) >= ring_units) return pipe_next::nothing;
    const std::uint64_t index = at.units() & (ring_units - 1);
    frame_head head;
    std::memcpy(&head, ring_ + index * frame_unit, sizeof head);
    const std::uint64_t to_end = ring_units - index;
    if (head.kind == frame_head::pad) {
      if (to_end > there) return pipe_next::corrupt;
      move_head(at.after(to_end, 0).word);
      continue;
    }
    const std::uint64_t units = units_of_frame(head.bytes);
    if (head.kind > (frame_head::first | frame_head::last) || units > std::min(there, to_end)) {
      return pipe_next::corrupt;
    }
    const std::byte* bytes = ring_ + index * frame_unit + frame_head_bytes;
    if (head.kind == (frame_head::first | frame_head::last)) {
      pieces_.clear();
      collecting_ = false;
      message_ = {bytes, head.bytes};
      head_after_ = at.after(units, 1).word;
      return pipe_next::message;
    }
    const pipe_next next = take_piece(head, bytes, units);
    if (next != pipe_next::nothing) return next;
  }
}

// A first piece ends whatever was collected: its sender gave that up. A piece without a first one
// belongs to a message that died with our predecessor.
pipe_next pipe_reader::take_piece(const frame_head& head, const std::byte* bytes,
                                  std::uint64_t units) {
  const bool first = (head.kind & frame_head::first) != 0;
  if (first) begin_collecting(head.in_all);
  if (collecting_ && pieces_.size() + head.bytes > frame_head_bytes + collected_bytes_max)
    return pipe_next::corrupt;
  if (collecting_) pieces_.insert(pieces_.end(), bytes, bytes + head.bytes);
  const std::uint64_t after = frame_position{frames_head_}.after(units, first ? 1 : 0).word;
  if (!collecting_ || (head.kind & frame_head::last) == 0) {
    move_head(after);
    return pipe_next::nothing;
  }
  // The last piece keeps its place until `finish`: the head says that the message is received.
  collecting_ = false;
  collected_ = true;
  message_ = std::span(pieces_).subspan(frame_head_bytes);
  head_after_ = after;
  return pipe_next::message;
}

// Untouched memory costs nothing, so that a size that is not true does no harm; and without it the
// pieces find their place as they come.
void pipe_reader::begin_collecting(std::size_t in_all) noexcept {
  collecting_ = true;
  try {
    pieces_.reserve(frame_head_bytes + in_all);
  } catch (const std::exception&) {
  }
  // The message lies as one in a single frame does, for elements that want to be aligned.
  pieces_.assign(frame_head_bytes, std::byte{});
}

void pipe_reader::move_head(std::uint64_t head) noexcept {
  // Release: the sender may write there once it sees this, and we have read what was there.
  port_->shared_head->store(head, std::memory_order_release);
  if (!is_slotted()) frames_head_ = head;
}

// The barrier stands between the new head and the look at who waits for room. The gate comes last:
// who is inside is out by it.
void pipe_reader::finish() noexcept {
  if (collected_) {
    collected_ = false;
    // New pages for each message would cost more than to copy it.
    if (pieces_.capacity() > kept_bytes_max) std::vector<std::byte>().swap(pieces_);
  }
  message_ = {};
  const std::uint64_t after = is_slotted() ? port_->head() + 1 : head_after_;
  move_head(after);
  os_->light_barrier();
  if (is_slotted()) port_->gate.leave_at(after);
}

// What was coming in from the dead incarnation stays incomplete.
void pipe_reader::pass_restart() noexcept {
  pieces_.clear();
  collecting_ = false;
  port_->restarts_seen += 1;
  // Release: the keeper may reuse the mark once it sees this, and we have read it before.
  shared_restarts_seen_->store(port_->restarts_seen, std::memory_order_release);
}

}  // namespace bulkhead::core
