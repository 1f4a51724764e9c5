#include "core/pipe_writer.hpp"

#include <algorithm>

#include "core/pipe_frame.hpp"

namespace bulkhead::core {

pipe_writer::pipe_writer(const pipe_view& pipe, std::uint32_t end,
                         detail::pipe_out_port& port) noexcept
    : port_(&port),
      direction_(pipe.shape().directions[end]),
      os_(&pipe.os()),
      ring_(pipe.ring(end)) {
  port.shared_tail = &pipe.positions(end).tail;
  port.shared_head = &pipe.positions(1 - end).head;
  port.peer = &pipe.alarm(1 - end).attention;
  port.own = &pipe.alarm(end).attention;
  port.slots = ring_;
  port.capacity = direction_.capacity;
  if (is_slotted()) port.mask = direction_.ring_bytes / direction_.slot_bytes - 1;
  // Acquire: our predecessor is dead and reaped; what it published comes before.
  const std::uint64_t tail = port.shared_tail->load(std::memory_order_acquire);
  if (is_slotted()) {
    port.gate.move_to(tail);
    port.free_to = tail;
  } else {
    frames_tail_ = tail;
  }
  // Acquire: as in S1. The look at the first send without room tells a head that cannot be.
  head_seen_ = port.shared_head->load(std::memory_order_acquire);
}

// So that the pad before it and the frame itself always find room in an empty ring, and two
// messages do at a time. More than a quarter, since a ring is a power of two, and so are many
// messages: four of them and their heads shall not go in pieces, which their receiver copies twice.
std::size_t pipe_writer::whole_bytes_max() const noexcept {
  if (is_slotted()) return direction_.slot_bytes;
  return std::min<std::size_t>(direction_.ring_bytes / 8 * 3, 0xffff'ffff) - frame_head_bytes;
}

std::uint64_t pipe_writer::under_way() const noexcept {
  // Acquire: as in S1, though only counted here.
  const std::uint64_t head = port_->shared_head->load(std::memory_order_acquire);
  if (is_slotted()) return port_->tail() - head;
  return frame_position{frames_tail_}.count_since({head});
}

pipe_room pipe_writer::reserve_slot(std::byte*& out) noexcept {
  if (port_->tail() == port_->free_to) {
    // S1. Acquire: the receiver has read what stood before the head (R3).
    const std::uint64_t head = port_->shared_head->load(std::memory_order_acquire);
    if (port_->tail() - head > direction_.capacity) return pipe_room::corrupt;
    port_->free_to = head + direction_.capacity;
    if (port_->free_to == port_->tail()) return pipe_room::none;
  }
  out = ring_ + (port_->tail() & port_->mask) * direction_.slot_bytes;
  return pipe_room::there;
}

// The head is fetched only when the one that was seen last leaves no room: its line is the
// receiver's, and each fetch takes it away. An older head only makes the room look smaller.
pipe_room pipe_writer::reserve_frame(std::size_t bytes, bool first, std::byte*& out) noexcept {
  const frame_position tail{frames_tail_};
  const std::uint64_t ring_units = direction_.ring_bytes / frame_unit;
  const std::uint64_t needed = units_of_frame(bytes);
  const std::uint64_t at = tail.units() & (ring_units - 1);
  const std::uint64_t pad = needed > ring_units - at ? ring_units - at : 0;
  const auto has_room = [&] {
    if (first && tail.count_since({head_seen_}) >= direction_.capacity) return false;
    return pad + needed + tail.units_since({head_seen_}) <= ring_units;
  };
  if (!has_room()) {
    // S1. Acquire: the receiver has read what stood before the head (R3).
    head_seen_ = port_->shared_head->load(std::memory_order_acquire);
    if (tail.units_since({head_seen_}) > ring_units ||
        tail.count_since({head_seen_}) > direction_.capacity) {
      return pipe_room::corrupt;
    }
    if (!has_room()) return pipe_room::none;
  }
  if (pad != 0) {
    const frame_head filler{0, frame_head::pad, 0};
    std::memcpy(ring_ + at * frame_unit, &filler, sizeof filler);
  }
  out = ring_ + (pad != 0 ? 0 : at) * frame_unit;
  next_tail_ = tail.after(pad + needed, first ? 1 : 0).word;
  return pipe_room::there;
}

pipe_room pipe_writer::reserve(std::size_t size, std::byte*& out) noexcept {
  if (size > whole_bytes_max()) return pipe_room::too_large;
  if (is_slotted()) return reserve_slot(out);
  const pipe_room room = reserve_frame(size, true, out);
  if (room != pipe_room::there) return room;
  const frame_head head{static_cast<std::uint32_t>(size), frame_head::first | frame_head::last, 0};
  std::memcpy(out, &head, sizeof head);
  out += frame_head_bytes;
  return room;
}

// Release: who sees the new tail sees the message. Then the barrier between it and the look at who
// sleeps, against the parking side's announcement, heavy barrier and second look.
void pipe_writer::publish() noexcept {
  const std::uint64_t tail = next_tail();
  port_->shared_tail->store(tail, std::memory_order_release);
  os_->light_barrier();
  // Last: who is inside the gate is out by this.
  if (is_slotted()) {
    port_->gate.leave_at(tail);
  } else {
    frames_tail_ = tail;
  }
}

// Pieces of an eighth of the ring: the receiver empties one while the next is filled.
std::size_t pipe_writer::write_piece(std::span<const std::byte> rest, bool first, bool last,
                                     pipe_room& out, std::size_t in_all) noexcept {
  const std::size_t bytes =
      std::min<std::size_t>(rest.size(), direction_.ring_bytes / 8 - frame_head_bytes);
  std::byte* at = nullptr;
  out = reserve_frame(bytes, first, at);
  if (out != pipe_room::there) return 0;
  frame_head head{static_cast<std::uint32_t>(bytes), 0, 0};
  if (first) head.kind |= frame_head::first;
  if (first) head.in_all = static_cast<std::uint32_t>(std::min<std::size_t>(in_all, 0xffff'ffff));
  if (last && bytes == rest.size()) head.kind |= frame_head::last;
  std::memcpy(at, &head, sizeof head);
  std::memcpy(at + frame_head_bytes, rest.data(), bytes);
  return bytes;
}

std::size_t pipe_writer::publish_piece(std::span<const std::byte> rest, bool first, bool last,
                                       pipe_room& out, std::size_t in_all) noexcept {
  const std::size_t bytes = write_piece(rest, first, last, out, in_all);
  if (out == pipe_room::there) publish();
  return bytes;
}

}  // namespace bulkhead::core
