#pragma once

#include <cstdint>

#include "core/position.hpp"

namespace bulkhead::core {

/// Who has the message of a slot (docs/queue-protocol.md).
enum class slot_state : std::uint8_t {
  free,     ///< No message; the word's lap is the one that may be published next.
  ready,    ///< Published, waits for a taker.
  leased,   ///< Taken by `owner`.
  pinned,   ///< Taken by `owner`, which is forwarding it.
  burying,  ///< Recovery moves it to the dead letters.
  poison,   ///< Out of delivery until the dead letters have room.
  delayed,  ///< Released for a later time, its slot_deadline's.
};

/// What the deliveries field of a free word says.
enum class free_tag : std::uint8_t {
  plain = 0,
  reserved = 1,   ///< A forward holds the slot; invisible until it has committed.
  withdrawn = 2,  ///< The last message here was taken back because the queue was closed.
};

inline constexpr std::uint32_t deliveries_max = 63;
inline constexpr std::uint32_t seats_max = 4096;

/// The 64 bits that decide who has a message: lap 38 | deliveries 6 | owner 14 | epoch 3 | state 3.
struct slot_word {
  std::uint64_t bits = 0;

  [[nodiscard]] constexpr slot_state state() const noexcept {
    return static_cast<slot_state>(bits & 7);
  }
  [[nodiscard]] constexpr std::uint32_t epoch() const noexcept { return (bits >> 3) & 7; }
  [[nodiscard]] constexpr std::uint32_t owner() const noexcept { return (bits >> 6) & 0x3fff; }
  [[nodiscard]] constexpr std::uint32_t deliveries() const noexcept { return (bits >> 20) & 0x3f; }
  [[nodiscard]] constexpr std::uint64_t lap() const noexcept { return bits >> 26; }
  [[nodiscard]] constexpr free_tag tag() const noexcept {
    return static_cast<free_tag>(deliveries());
  }
  [[nodiscard]] constexpr bool is(slot_state s) const noexcept { return state() == s; }

  /// True for a lease, pinned or not, of seat `seat`.
  [[nodiscard]] constexpr bool held_by(std::uint32_t seat) const noexcept {
    return (is(slot_state::leased) || is(slot_state::pinned)) && owner() == seat;
  }

  static constexpr slot_word make(std::uint64_t lap, std::uint32_t deliveries, std::uint32_t owner,
                                  std::uint32_t epoch, slot_state state) noexcept {
    return {((lap & lap_mask) << 26) | (std::uint64_t{deliveries & 0x3f} << 20) |
            (std::uint64_t{owner & 0x3fff} << 6) | (std::uint64_t{epoch & 7} << 3) |
            static_cast<std::uint64_t>(state)};
  }
  static constexpr slot_word make_free(std::uint64_t lap, free_tag tag = free_tag::plain) noexcept {
    return make(lap, static_cast<std::uint32_t>(tag), 0, 0, slot_state::free);
  }
  static constexpr slot_word make_ready(std::uint64_t lap, std::uint32_t deliveries = 0) noexcept {
    return make(lap, deliveries, 0, 0, slot_state::ready);
  }
  /// The word after `*this`, a ready one, was taken: one delivery more, counted up to 63.
  [[nodiscard]] constexpr slot_word taken_by(std::uint32_t seat,
                                             std::uint32_t epoch) const noexcept {
    const std::uint32_t count = deliveries() < deliveries_max ? deliveries() + 1 : deliveries_max;
    return make(lap(), count, seat, epoch, slot_state::leased);
  }
  [[nodiscard]] constexpr slot_word with(slot_state s) const noexcept {
    return {(bits & ~std::uint64_t{7}) | static_cast<std::uint64_t>(s)};
  }
  /// The word that gives the slot back to its lane's producer.
  [[nodiscard]] constexpr slot_word freed() const noexcept { return make_free(lap() + 1); }

  friend constexpr bool operator==(slot_word, slot_word) = default;
};

static_assert(slot_word{}.is(slot_state::free) && slot_word{}.lap() == 0,
              "zeroed memory is a formatted lane");

}  // namespace bulkhead::core
