#pragma once

#include <bulkhead/detail/pipe_port.hpp>
#include <span>
#include <vector>

#include "core/pipe_frame.hpp"
#include "core/pipe_view.hpp"

namespace bulkhead::core {

/// What comes next out of a pipe.
enum class pipe_next : std::uint8_t {
  nothing,    ///< Not yet.
  message,    ///< `message` has it, until `finish`.
  restarted,  ///< The peer's next incarnation begins here, until `pass_restart`.
  corrupt,    ///< No correct peer writes this.
};

/// The receiving side of an end beyond its fast path: positions are the port's, which is this
/// process's alone. One thread at a time. Every value out of the segment is read once and checked.
class pipe_reader {
 public:
  /// Goes on where the segment says that this end's last process stopped.
  pipe_reader(const pipe_view& pipe, std::uint32_t end, detail::pipe_in_port& port) noexcept;

  /// Looks what is next; takes in pieces that are there. Repeatable.
  /// @returns nothing: what was there when it began is taken in; more may have come since.
  [[nodiscard]] pipe_next find();
  [[nodiscard]] std::span<const std::byte> message() const noexcept { return message_; }
  /// Frees the place of the message that was found. Whoever is inside the gate of a slotted ring is
  /// out then.
  void finish() noexcept;
  /// Pieces of a message were taken in that is not finished: they are nowhere else.
  [[nodiscard]] bool is_collecting() const noexcept { return collecting_ || collected_; }
  void pass_restart() noexcept;
  [[nodiscard]] bool is_slotted() const noexcept { return direction_.slot_bytes != 0; }

 private:
  [[nodiscard]] std::uint64_t head() const noexcept {
    return is_slotted() ? port_->head() : frames_head_;
  }
  [[nodiscard]] bool refill() noexcept;
  [[nodiscard]] std::uint64_t distance(std::uint64_t later, std::uint64_t earlier) const noexcept;
  [[nodiscard]] bool is_at_restart() const noexcept;
  [[nodiscard]] pipe_next find_frame();
  [[nodiscard]] pipe_next take_piece(const frame_head& head, const std::byte* bytes,
                                     std::uint64_t units);
  void begin_collecting(std::size_t in_all) noexcept;
  void move_head(std::uint64_t head) noexcept;

  /// Room for a message in pieces stays for the next one, unless it is larger.
  static constexpr std::size_t kept_bytes_max = std::size_t{64} << 20;

  detail::pipe_in_port* port_;
  const platform* os_;
  pipe_direction direction_;
  const std::byte* ring_;
  const pipe_end_record* peer_;
  std::atomic<std::uint32_t>* shared_restarts_seen_;
  std::span<const std::byte> message_;
  // Of a ring of bytes; slots are counted by the port's gate.
  std::uint64_t frames_head_ = 0;
  std::uint64_t head_after_ = 0;   // what `finish` makes of it
  std::vector<std::byte> pieces_;  // of the message that is coming in
  bool collecting_ = false;        // its first piece is here
  bool collected_ = false;         // all of it is
};

}  // namespace bulkhead::core
