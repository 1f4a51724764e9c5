#pragma once

#include <span>

#include "core/queue_view.hpp"

// The bound on a whole queue (queue_shape::total; docs/queue-protocol.md, "total"). A queue has as
// many credits as it may hold messages, and each message has one, which names its place. A credit
// is free again as soon as the place has moved on to a later lap: so whatever settles a message, in
// whichever process, frees its credit by the same store, and nobody can die between the two.
namespace bulkhead::core {

/// What a credit says: valid 1 | seat 12 | index 24 | low bits of the lap 27. 0 names nothing.
struct credit_name {
  std::uint64_t bits = 0;

  static constexpr unsigned lap_low_bits = 27;
  static constexpr std::uint64_t lap_low_mask = (std::uint64_t{1} << lap_low_bits) - 1;

  static constexpr credit_name of(std::uint32_t seat, position at) noexcept {
    return {std::uint64_t{1} << 63 | std::uint64_t{seat} << (index_bits + lap_low_bits) |
            std::uint64_t{index_of(at)} << lap_low_bits | (lap_of(at) & lap_low_mask)};
  }
  [[nodiscard]] constexpr bool is_empty() const noexcept { return bits == 0; }
  [[nodiscard]] constexpr std::uint32_t seat() const noexcept {
    return static_cast<std::uint32_t>(bits >> (index_bits + lap_low_bits)) & (seats_max - 1);
  }
  [[nodiscard]] constexpr std::uint32_t index() const noexcept {
    return static_cast<std::uint32_t>(bits >> lap_low_bits) & (ring_slots_max - 1);
  }
  /// True when the named place has moved on: its message is settled. A place that a producer has
  /// stepped over lags behind the lap of the message that is about to come, so older is not later.
  [[nodiscard]] constexpr bool is_past(slot_word w) const noexcept {
    const std::uint64_t ahead = (w.lap() - bits) & lap_low_mask;
    return ahead != 0 && ahead < (std::uint64_t{1} << (lap_low_bits - 1));
  }

  friend constexpr bool operator==(credit_name, credit_name) = default;
};
static_assert(std::uint64_t{seats_max} == std::uint64_t{1}
                                              << (63 - index_bits - credit_name::lap_low_bits),
              "a credit has room for every seat");
// Every position that a lane goes on makes its sender look at one credit more, so that all are
// looked at within `total` of them; the fewest slots that a ring has are 9.
static_assert(total_max / 9 < std::uint64_t{1} << (credit_name::lap_low_bits - 2),
              "no credit lies so long that a lap which it names comes round again");

inline constexpr std::uint32_t no_credit = ~std::uint32_t{0};

/// A sender's view of the credits of its queue. Not thread-safe: the lane lock is held. Where the
/// queue has no total, only `is_bounded` may be called.
class credit_purse {
 public:
  credit_purse(const queue_view& queue, std::uint32_t seat) noexcept;

  [[nodiscard]] bool is_bounded() const noexcept { return total_ != 0; }
  /// Claims a free credit for a place of our lane, before anything can be seen there.
  /// @returns no_credit: in one look at each there was none.
  std::uint32_t claim(position at) noexcept;
  /// Gives up the claims of places in which nothing was published. Whoever found none meanwhile is
  /// woken.
  void give_up(std::span<const std::uint32_t> credits) noexcept;
  /// True when `count` credits are free.
  [[nodiscard]] bool has(std::size_t count) const noexcept;
  /// The credit of a message of any lane; no_credit: it is settled by now.
  [[nodiscard]] std::uint32_t find(std::uint32_t seat, position at) const noexcept;
  /// Says which credit the message in our place `at` is going to have: another message's, which is
  /// settled in the same step (move_credits).
  void inherit(std::uint32_t credit, position at) noexcept;

 private:
  std::uint32_t step() noexcept;

  const queue_view* queue_;
  std::uint32_t seat_;
  std::uint32_t total_;
  std::uint32_t next_ = 0;
};

/// After a forward's commit and before its results are published: credits that they inherit from
/// inputs of the same queue become theirs. Repeatable, up to the publication and after it.
void move_credits(const queue_view& queue, const forward_record& record,
                  const forward_record::output& out) noexcept;

/// Recovery: gives up what a dead sender had claimed and not published. Repeatable.
void drop_claims_of(const queue_view& queue, std::uint32_t seat) noexcept;

/// A credit is free: wakes every sender that sleeps, since it may serve any.
void wake_senders(const queue_view& queue) noexcept;

}  // namespace bulkhead::core
