#pragma once

#include <cstring>
#include <vector>

#include "core/broken.hpp"
#include "core/credits.hpp"
#include "core/payload_area.hpp"
#include "core/place_blocks.hpp"
#include "core/queue_view.hpp"
#include "core/ring_walk.hpp"
#include "core/sent_messages.hpp"

namespace bulkhead::core {

enum class outcome : std::uint8_t {
  done,
  full,        ///< Wait for the receivers, or give up.
  closed,      ///< Nothing was sent.
  too_large,   ///< The message never fits this queue.
  no_memory,   ///< The system has no memory for the payload.
  lease_lost,  ///< A forward's input is another's by now; nothing was sent.
};

/// A place for one message in a lane: fill `bytes`, then publish or stage on.
struct place {
  core::position position = 0;
  std::size_t size = 0;
  std::byte* bytes = nullptr;
  std::uint64_t block = no_block;  ///< Where in the payload area the message begins.
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
  /// In a block the message begins after `lead` bytes, less than 64, if there is room for them.
  outcome reserve(std::size_t size, place& out, std::size_t lead = 0, look how = look::thorough) {
    if (!is_ready_for(size)) [[unlikely]]
      return reserve_slowly(size, lead, out, how);
    out = {next_.at(), size, next_.here().payload, place::no_block};
    if constexpr (broken::publish_early) publish_too_early(out);
    return outcome::done;
  }
  /// S2, S3. Makes a filled place visible. @returns S4: `closed` when a close was under way and the
  /// message was taken back.
  outcome publish(const place& p) {
    slot& s = next_.here();
    const slot_word ready = show(p);
    if (header_->signs.closed.load(std::memory_order_relaxed) != closed_state::open) [[unlikely]] {
      if (withdraw(s, ready, index_of(p.position))) return outcome::closed;
    }
    ++sequence_;
    return outcome::done;
  }
  /// The same where a close ends the reading only: what would be refused has no other place to go.
  void publish_in_spite_of_close(const place& p) {
    show(p);
    ++sequence_;
  }

  /// Gives up what `reserve` set aside and nobody is going to publish.
  void give_up() { drop_pending(); }
  /// A block of `bytes` for a message that will be sent, and where it is. It stays out of all other
  /// use until `reserve_lent` or `give_back`.
  outcome lend_block(std::uint64_t bytes, payload_block& out, std::byte*& at);
  void give_back(const payload_block& block) { blocks_.give_back(block); }
  /// S1 for a message of `size` bytes that lies in a block that was lent, from `lead` on. When done
  /// the block is the place's.
  outcome reserve_lent(const payload_block& block, std::size_t size, std::size_t lead, place& out,
                       look how = look::thorough);

  /// Lends the port free places that lie in a row, up to 64, if there are any. The port sends into
  /// them by itself; every other call here needs `take_back` first.
  void lend(detail::queue_out_port& port);
  /// Takes the places back, and notes what the port sent.
  void take_back(detail::queue_out_port& port);
  /// S4 for the newest message, which the port published: takes it back if the queue was closed.
  /// @returns false when it was. The port's places are taken back.
  bool confirm_newest();

  /// Drops this sender's oldest message that nobody has taken, so that its place is free.
  /// @returns false when all are held.
  bool drop_oldest();

  /// True when `count` messages more fit; of own-lane inputs that a forward frees, `credit` places
  /// count as free.
  bool has_room(std::size_t count, std::size_t credit = 0, look how = look::thorough);

  /// Where the queue has a total: a result that is staged next may have the credit of this input of
  /// the forward, a message of this queue. Until `commit_staged` or `drop_staged`.
  void inherit(std::uint32_t lane, position input);

  /// F2. Like `reserve` for the next of several results: invisible, in places marked reserved.
  outcome stage(std::size_t size, std::size_t credit, place& out, std::size_t lead = 0);
  /// Writes size and sequence of the staged, filled places.
  void seal_staged() noexcept;
  [[nodiscard]] position staged_first() const noexcept { return next_.at(); }
  [[nodiscard]] position staged_end() const noexcept {
    return staged_.empty() ? next_.at() : staging_.at();
  }
  void commit_staged();
  void drop_staged();

 private:
  // The next place is free and nothing has to be found out first.
  [[nodiscard]] bool is_ready_for(std::size_t size) const noexcept {
    return !credits_.is_bounded() && sent_messages_.in_order() &&
           sent_messages_.count() < queue_->shape().capacity &&
           size <= queue_->shape().inline_bytes &&
           next_.here().load(std::memory_order_acquire).is(slot_state::free);
  }
  slot_word show(const place& p) {
    slot& s = next_.here();
    const slot_word ready = slot_word::make_ready(lap_of(p.position));
    if (lap_of(p.position) != hinted_lap_) [[unlikely]]
      say_sequence(p.position);
    write_meta(s, p, sequence_ + 1);
    // Release: a taker that acquires the word sees meta and payload (S3).
    if constexpr (!broken::publish_early) s.store(ready, std::memory_order_release);
    note(p);
    claimed_ = no_credit;
    next_.step();
    queue_->os().light_barrier();  // S3 before S4 and S5
    return ready;
  }
  static void write_meta(slot& s, const place& p, std::uint64_t sequence) noexcept {
    s.meta = (std::uint64_t{p.size} << 32) | (sequence & 0xffff'ffff);
    if (p.block != place::no_block) std::memcpy(s.payload, &p.block, sizeof p.block);
  }
  static constexpr std::uint32_t lent_max = 64;

  void note(const place& p) {
    sent_messages_.add(index_of(p.position));
    if (p.block != place::no_block) blocks_.use(index_of(p.position), true);
  }

  outcome reserve_slowly(std::size_t size, std::size_t lead, place& out, look how);
  outcome find_place(place& out, look how);
  bool claim_for(const place& p);
  bool has_places(std::size_t count, std::size_t credit, look how);
  void say_settled() noexcept;
  bool stage_credit(position at);
  void forget_staged() noexcept;
  void publish_too_early(const place& p) noexcept;
  bool withdraw(slot& s, slot_word ready, std::uint32_t index);
  bool find_free(ring_walk& from, bool say_passed);
  outcome make_bytes(std::size_t size, std::size_t lead, place& out);
  bool find_block(std::uint32_t index, std::uint64_t bytes);
  bool reserve_memory(const payload_block& block);
  bool provide_ahead(std::uint32_t index) noexcept;
  void lend_blocks(detail::queue_out_port& port, std::uint32_t first, std::uint32_t count) noexcept;
  void settle(std::uint32_t index);
  void drop_pending();
  void say_sequence(position p) noexcept;
  void sweep(std::size_t enough, look how);
  void take_over();

  const queue_view* queue_;
  queue_header* header_;
  std::uint32_t seat_;
  ring_walk next_;
  std::uint64_t sequence_ = 0;
  std::uint64_t hinted_lap_ = lap_mask;
  sent_messages sent_messages_;
  payload_area* payload_;
  std::byte* area_ = nullptr;  // where the payload area is, once some of it is reserved
  place_blocks blocks_;
  std::uint64_t block_wanted_ = 0;  // bytes of the last block that was asked for
  std::vector<place> staged_;
  ring_walk staging_;
  credit_purse credits_;
  std::uint32_t claimed_ = no_credit;         // for what `reserve` set aside
  std::vector<std::uint32_t> staged_claims_;  // of staged results
  std::vector<std::uint32_t> inherited_;      // credits of inputs; the first results have them
  std::uint32_t lent_ = 0;                    // places that the port was given
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
