#pragma once

#include <bulkhead/detail/pipe_port.hpp>
#include <span>

#include "core/pipe_view.hpp"

namespace bulkhead::core {

/// Where the next message of a pipe goes.
enum class pipe_room : std::uint8_t {
  there,
  none,       ///< Wait for the receiver.
  too_large,  ///< Not in one piece.
  corrupt,    ///< The receiver's position cannot be.
};

/// The sending side of an end beyond its fast path: positions are the port's, which is this
/// process's alone. One thread at a time.
class pipe_writer {
 public:
  /// Goes on where the segment says that this end's last process stopped.
  pipe_writer(const pipe_view& pipe, std::uint32_t end, detail::pipe_out_port& port) noexcept;

  /// Finds room for a message of `size` bytes, which nobody sees yet.
  [[nodiscard]] pipe_room reserve(std::size_t size, std::byte*& out) noexcept;
  /// Publishes what was reserved last. Whoever is inside the gate of a slotted ring is out then.
  void publish() noexcept;

  /// Writes the next piece of a message that goes in pieces, which nobody sees yet.
  /// @limits last: `rest` is the end of the message. in_all: its size, 0 where not known.
  /// @returns how many bytes were taken; 0 and `out` says why.
  std::size_t write_piece(std::span<const std::byte> rest, bool first, bool last, pipe_room& out,
                          std::size_t in_all = 0) noexcept;
  /// The same, and publishes it.
  std::size_t publish_piece(std::span<const std::byte> rest, bool first, bool last, pipe_room& out,
                            std::size_t in_all = 0) noexcept;

  /// What `publish` will make of the tail.
  [[nodiscard]] std::uint64_t next_tail() const noexcept {
    return is_slotted() ? port_->tail() + 1 : next_tail_;
  }

  /// The largest message that goes in one piece.
  [[nodiscard]] std::size_t whole_bytes_max() const noexcept;
  /// Messages that are under way.
  [[nodiscard]] std::uint64_t under_way() const noexcept;
  [[nodiscard]] bool is_slotted() const noexcept { return direction_.slot_bytes != 0; }

 private:
  [[nodiscard]] pipe_room reserve_slot(std::byte*& out) noexcept;
  [[nodiscard]] pipe_room reserve_frame(std::size_t bytes, bool first, std::byte*& out) noexcept;

  detail::pipe_out_port* port_;
  pipe_direction direction_;
  const platform* os_;
  std::byte* ring_;
  // Of a ring of bytes; slots are counted by the port's gate.
  std::uint64_t frames_tail_ = 0;
  std::uint64_t next_tail_ = 0;  // what `publish` makes of it
  std::uint64_t head_seen_ = 0;  // of a ring of bytes
};

}  // namespace bulkhead::core
