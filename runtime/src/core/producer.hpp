#pragma once

#include <vector>

#include "core/block_allocator.hpp"
#include "core/payload_area.hpp"
#include "core/queue_view.hpp"

namespace bulkhead::core {

enum class outcome : std::uint8_t {
  done,
  full,       ///< Wait for the receivers, or give up.
  closed,     ///< Nothing was sent.
  too_large,  ///< The message never fits this queue.
  no_memory,  ///< The system has no memory for the payload.
};

/// A place for one message in a lane: fill `bytes`, then publish or stage on.
struct place {
  core::position position = 0;
  std::size_t size = 0;
  std::byte* bytes = nullptr;
  std::uint64_t block = no_block;
  static constexpr std::uint64_t no_block = ~std::uint64_t{0};
};

/// The one publisher of a lane: the private half of the sending side (docs/queue-protocol.md, send
/// and F2). Not thread-safe: the process holds its lane lock from `reserve` or `stage` to
/// `publish`, `commit_staged` or `drop_staged`.
class producer {
 public:
  /// Takes the seat's lane over as its predecessor, if any, left it. The seat's recovery is done by
  /// then.
  producer(const queue_view& queue, std::uint32_t seat, payload_area& payload);

  /// Messages that this seat has sent, over all its incarnations.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sequence_; }
  [[nodiscard]] std::uint32_t seat() const noexcept { return seat_; }
  [[nodiscard]] const queue_view& queue() const noexcept { return *queue_; }

  /// S1. Finds a place for a message of `size` bytes; what it found is forgotten by the next call.
  outcome reserve(std::size_t size, place& out);
  /// S2, S3. Makes a filled place visible. @returns S4: `closed` when a close was under way and the
  /// message was taken back.
  outcome publish(const place& p);

  /// True when `count` messages more fit; of own-lane inputs that a forward frees, `credit` places
  /// count as free.
  bool has_room(std::size_t count, std::size_t credit = 0);

  /// F2. Like `reserve` for the next of several results: invisible, in places marked reserved.
  outcome stage(std::size_t size, std::size_t credit, place& out);
  /// Writes size and sequence of the staged, filled places.
  void seal_staged() noexcept;
  [[nodiscard]] position staged_first() const noexcept { return next_; }
  [[nodiscard]] position staged_end() const noexcept { return staging_; }
  void commit_staged();
  void drop_staged();

 private:
  struct held {  // what this process knows of the message that it put into a slot
    bool outstanding = false;
    std::uint32_t size = 0;
    std::uint64_t block = place::no_block;
  };

  position free_place_from(position p, bool say_passed);
  outcome make_bytes(std::size_t size, place& out);
  void write_meta(const place& p, std::uint64_t sequence) noexcept;
  void note(const place& p);
  void forget(std::uint32_t index);
  void drop_pending();
  void say_sequence(position p) noexcept;
  bool settle(std::uint32_t index);
  void sweep(std::size_t enough);
  void take_over();

  const queue_view* queue_;
  std::uint32_t seat_;
  payload_area* payload_;
  block_allocator blocks_;
  std::vector<held> held_;
  std::vector<place> staged_;
  std::uint32_t outstanding_ = 0;
  std::uint32_t hand_ = 0;  // where the next sweep begins
  place pending_;           // what `reserve` set aside and nobody has published
  position next_ = 0;
  position staging_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t hinted_lap_ = lap_mask;
};

/// The newest position that the seat's lane ever published, and whether there is one. What recovery
/// and takeover start from.
struct newest_published {
  bool any = false;
  position at = 0;
  bool withdrawn = false;
};
newest_published find_newest(const queue_view& queue, std::uint32_t seat) noexcept;

/// F7. Makes the reserved places in [first, end) of a lane visible, in order, and steps over the
/// others. Repeatable.
void publish_range(const queue_view& queue, std::uint32_t seat, position first,
                   position end) noexcept;

}  // namespace bulkhead::core
